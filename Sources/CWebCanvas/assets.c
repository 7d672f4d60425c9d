// The page's files as bytes. SwiftPM follows no #embed: after a change to a file in assets/ alone, touch this one.
#include "CWebCanvas.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char home_html[] = {
#embed "assets/home.html"
};
static const unsigned char canvas_html[] = {
#embed "assets/canvas.html"
};
static const unsigned char style_css[] = {
#embed "assets/style.css"
};
static const unsigned char icon_svg[] = {
#embed "assets/icon.svg"
};
static const unsigned char home_js[] = {
#embed "assets/home.js"
};
static const unsigned char main_js[] = {
#embed "assets/main.js"
};
static const unsigned char connection_js[] = {
#embed "assets/connection.js"
};
static const unsigned char backoff_js[] = {
#embed "assets/backoff.js"
};
static const unsigned char catchup_js[] = {
#embed "assets/catchup.js"
};
static const unsigned char inflate_js[] = {
#embed "assets/inflate.js"
};
static const unsigned char snapshot_js[] = {
#embed "assets/snapshot.js"
};
static const unsigned char replica_js[] = {
#embed "assets/replica.js"
};
static const unsigned char stamp_js[] = {
#embed "assets/stamp.js"
};
static const unsigned char projection_js[] = {
#embed "assets/projection.js"
};
static const unsigned char view_js[] = {
#embed "assets/view.js"
};
static const unsigned char viewport_js[] = {
#embed "assets/viewport.js"
};
static const unsigned char geometry_js[] = {
#embed "assets/geometry.js"
};
static const unsigned char labels_js[] = {
#embed "assets/labels.js"
};
static const unsigned char presence_js[] = {
#embed "assets/presence.js"
};
static const unsigned char panel_js[] = {
#embed "assets/panel.js"
};
static const unsigned char settings_js[] = {
#embed "assets/settings.js"
};

#define TEXT "; charset=utf-8"
#define ASSET(file, type, bytes) {file, type, bytes, sizeof bytes}

static const web_canvas_asset assets[] = {
  ASSET("home.html", "text/html" TEXT, home_html),
  ASSET("canvas.html", "text/html" TEXT, canvas_html),
  ASSET("style.css", "text/css" TEXT, style_css),
  ASSET("icon.svg", "image/svg+xml", icon_svg),
  ASSET("home.js", "text/javascript" TEXT, home_js),
  ASSET("main.js", "text/javascript" TEXT, main_js),
  ASSET("connection.js", "text/javascript" TEXT, connection_js),
  ASSET("backoff.js", "text/javascript" TEXT, backoff_js),
  ASSET("catchup.js", "text/javascript" TEXT, catchup_js),
  ASSET("inflate.js", "text/javascript" TEXT, inflate_js),
  ASSET("snapshot.js", "text/javascript" TEXT, snapshot_js),
  ASSET("replica.js", "text/javascript" TEXT, replica_js),
  ASSET("stamp.js", "text/javascript" TEXT, stamp_js),
  ASSET("projection.js", "text/javascript" TEXT, projection_js),
  ASSET("view.js", "text/javascript" TEXT, view_js),
  ASSET("viewport.js", "text/javascript" TEXT, viewport_js),
  ASSET("geometry.js", "text/javascript" TEXT, geometry_js),
  ASSET("labels.js", "text/javascript" TEXT, labels_js),
  ASSET("presence.js", "text/javascript" TEXT, presence_js),
  ASSET("panel.js", "text/javascript" TEXT, panel_js),
  ASSET("settings.js", "text/javascript" TEXT, settings_js),
};

const web_canvas_asset *web_canvas_asset_at(size_t index) {
  return index < sizeof assets / sizeof assets[0] ? &assets[index] : NULL;
}

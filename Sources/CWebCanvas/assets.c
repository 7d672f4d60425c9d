// The page's files as bytes. SwiftPM follows no #embed: after a change to a file in assets/ or in the SDK alone, touch this one.
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
// The modules of the SDK that the page loads.
static const unsigned char sdk_assembly_js[] = {
#embed "../CollabSDK/src/assembly.js"
};
static const unsigned char sdk_backoff_js[] = {
#embed "../CollabSDK/src/backoff.js"
};
static const unsigned char sdk_boards_js[] = {
#embed "../CollabSDK/src/boards.js"
};
static const unsigned char sdk_bytes_js[] = {
#embed "../CollabSDK/src/bytes.js"
};
static const unsigned char sdk_change_js[] = {
#embed "../CollabSDK/src/change.js"
};
static const unsigned char sdk_check_js[] = {
#embed "../CollabSDK/src/check.js"
};
static const unsigned char sdk_client_js[] = {
#embed "../CollabSDK/src/client.js"
};
static const unsigned char sdk_codec_js[] = {
#embed "../CollabSDK/src/codec.js"
};
static const unsigned char sdk_connection_js[] = {
#embed "../CollabSDK/src/connection.js"
};
static const unsigned char sdk_digests_js[] = {
#embed "../CollabSDK/src/digests.js"
};
static const unsigned char sdk_document_js[] = {
#embed "../CollabSDK/src/document.js"
};
static const unsigned char sdk_emitter_js[] = {
#embed "../CollabSDK/src/emitter.js"
};
static const unsigned char sdk_inflate_js[] = {
#embed "../CollabSDK/src/inflate.js"
};
static const unsigned char sdk_intake_js[] = {
#embed "../CollabSDK/src/intake.js"
};
static const unsigned char sdk_json_js[] = {
#embed "../CollabSDK/src/json.js"
};
static const unsigned char sdk_keeper_js[] = {
#embed "../CollabSDK/src/keeper.js"
};
static const unsigned char sdk_link_js[] = {
#embed "../CollabSDK/src/link.js"
};
static const unsigned char sdk_machine_js[] = {
#embed "../CollabSDK/src/machine.js"
};
static const unsigned char sdk_options_js[] = {
#embed "../CollabSDK/src/options.js"
};
static const unsigned char sdk_order_js[] = {
#embed "../CollabSDK/src/order.js"
};
static const unsigned char sdk_page_js[] = {
#embed "../CollabSDK/src/page.js"
};
static const unsigned char sdk_parents_js[] = {
#embed "../CollabSDK/src/parents.js"
};
static const unsigned char sdk_pending_js[] = {
#embed "../CollabSDK/src/pending.js"
};
static const unsigned char sdk_projection_js[] = {
#embed "../CollabSDK/src/projection.js"
};
static const unsigned char sdk_records_js[] = {
#embed "../CollabSDK/src/records.js"
};
static const unsigned char sdk_repair_js[] = {
#embed "../CollabSDK/src/repair.js"
};
static const unsigned char sdk_run_requests_js[] = {
#embed "../CollabSDK/src/run-requests.js"
};
static const unsigned char sdk_sha256_js[] = {
#embed "../CollabSDK/src/sha256.js"
};
static const unsigned char sdk_snapshot_writer_js[] = {
#embed "../CollabSDK/src/snapshot-writer.js"
};
static const unsigned char sdk_snapshot_js[] = {
#embed "../CollabSDK/src/snapshot.js"
};
static const unsigned char sdk_sorted_js[] = {
#embed "../CollabSDK/src/sorted.js"
};
static const unsigned char sdk_stamp_js[] = {
#embed "../CollabSDK/src/stamp.js"
};
static const unsigned char sdk_state_js[] = {
#embed "../CollabSDK/src/state.js"
};
static const unsigned char sdk_text_js[] = {
#embed "../CollabSDK/src/text.js"
};
static const unsigned char sdk_transaction_js[] = {
#embed "../CollabSDK/src/transaction.js"
};
static const unsigned char sdk_undo_js[] = {
#embed "../CollabSDK/src/undo.js"
};
static const unsigned char sdk_wire_js[] = {
#embed "../CollabSDK/src/wire.js"
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
  ASSET("view.js", "text/javascript" TEXT, view_js),
  ASSET("viewport.js", "text/javascript" TEXT, viewport_js),
  ASSET("geometry.js", "text/javascript" TEXT, geometry_js),
  ASSET("labels.js", "text/javascript" TEXT, labels_js),
  ASSET("presence.js", "text/javascript" TEXT, presence_js),
  ASSET("panel.js", "text/javascript" TEXT, panel_js),
  ASSET("settings.js", "text/javascript" TEXT, settings_js),
  ASSET("sdk/assembly.js", "text/javascript" TEXT, sdk_assembly_js),
  ASSET("sdk/backoff.js", "text/javascript" TEXT, sdk_backoff_js),
  ASSET("sdk/boards.js", "text/javascript" TEXT, sdk_boards_js),
  ASSET("sdk/bytes.js", "text/javascript" TEXT, sdk_bytes_js),
  ASSET("sdk/change.js", "text/javascript" TEXT, sdk_change_js),
  ASSET("sdk/check.js", "text/javascript" TEXT, sdk_check_js),
  ASSET("sdk/client.js", "text/javascript" TEXT, sdk_client_js),
  ASSET("sdk/codec.js", "text/javascript" TEXT, sdk_codec_js),
  ASSET("sdk/connection.js", "text/javascript" TEXT, sdk_connection_js),
  ASSET("sdk/digests.js", "text/javascript" TEXT, sdk_digests_js),
  ASSET("sdk/document.js", "text/javascript" TEXT, sdk_document_js),
  ASSET("sdk/emitter.js", "text/javascript" TEXT, sdk_emitter_js),
  ASSET("sdk/inflate.js", "text/javascript" TEXT, sdk_inflate_js),
  ASSET("sdk/intake.js", "text/javascript" TEXT, sdk_intake_js),
  ASSET("sdk/json.js", "text/javascript" TEXT, sdk_json_js),
  ASSET("sdk/keeper.js", "text/javascript" TEXT, sdk_keeper_js),
  ASSET("sdk/link.js", "text/javascript" TEXT, sdk_link_js),
  ASSET("sdk/machine.js", "text/javascript" TEXT, sdk_machine_js),
  ASSET("sdk/options.js", "text/javascript" TEXT, sdk_options_js),
  ASSET("sdk/order.js", "text/javascript" TEXT, sdk_order_js),
  ASSET("sdk/page.js", "text/javascript" TEXT, sdk_page_js),
  ASSET("sdk/parents.js", "text/javascript" TEXT, sdk_parents_js),
  ASSET("sdk/pending.js", "text/javascript" TEXT, sdk_pending_js),
  ASSET("sdk/projection.js", "text/javascript" TEXT, sdk_projection_js),
  ASSET("sdk/records.js", "text/javascript" TEXT, sdk_records_js),
  ASSET("sdk/repair.js", "text/javascript" TEXT, sdk_repair_js),
  ASSET("sdk/run-requests.js", "text/javascript" TEXT, sdk_run_requests_js),
  ASSET("sdk/sha256.js", "text/javascript" TEXT, sdk_sha256_js),
  ASSET("sdk/snapshot-writer.js", "text/javascript" TEXT, sdk_snapshot_writer_js),
  ASSET("sdk/snapshot.js", "text/javascript" TEXT, sdk_snapshot_js),
  ASSET("sdk/sorted.js", "text/javascript" TEXT, sdk_sorted_js),
  ASSET("sdk/stamp.js", "text/javascript" TEXT, sdk_stamp_js),
  ASSET("sdk/state.js", "text/javascript" TEXT, sdk_state_js),
  ASSET("sdk/text.js", "text/javascript" TEXT, sdk_text_js),
  ASSET("sdk/transaction.js", "text/javascript" TEXT, sdk_transaction_js),
  ASSET("sdk/undo.js", "text/javascript" TEXT, sdk_undo_js),
  ASSET("sdk/wire.js", "text/javascript" TEXT, sdk_wire_js),
};

const web_canvas_asset *web_canvas_asset_at(size_t index) {
  return index < sizeof assets / sizeof assets[0] ? &assets[index] : NULL;
}

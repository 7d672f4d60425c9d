#ifndef CWEBCANVAS_H
#define CWEBCANVAS_H

#include <stddef.h>

/// A file of the page, compiled into the binary. All pointers live as long as the process.
typedef struct {
  const char *name;
  const char *content_type;
  const unsigned char *bytes;
  size_t byte_count;
} web_canvas_asset;

/// The file at `index`, or NULL past the last one.
const web_canvas_asset *web_canvas_asset_at(size_t index);

#endif

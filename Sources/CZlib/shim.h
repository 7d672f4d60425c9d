#ifndef CZLIB_SHIM_H
#define CZLIB_SHIM_H
// The init calls are macros that pass the header's version and the size of z_stream; Swift does not import macros.
#include <zlib.h>

static inline int czlib_deflateInit2(z_stream *stream, int level, int windowBits, int memLevel) {
  return deflateInit2(stream, level, Z_DEFLATED, windowBits, memLevel, Z_DEFAULT_STRATEGY);
}

static inline int czlib_inflateInit2(z_stream *stream, int windowBits) { return inflateInit2(stream, windowBits); }
#endif

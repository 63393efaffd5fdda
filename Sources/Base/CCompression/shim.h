#include <isa-l/igzip_lib.h>
#include <zlib.h>
#include <zstd.h>
#include <bzlib.h>
#include <lzma.h>

#ifndef COPENSSL_SHIM_H
#define COPENSSL_SHIM_H
// Macros are not imported by Swift: each one that is needed gets a function here.
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#endif

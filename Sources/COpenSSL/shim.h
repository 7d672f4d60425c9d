#ifndef COPENSSL_SHIM_H
#define COPENSSL_SHIM_H
// Macros are not imported by Swift: each one that is needed gets a function here.
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// Contexts.
static inline int copenssl_CTX_set_versions(SSL_CTX *ctx, int lowest, int highest) {
  return SSL_CTX_set_min_proto_version(ctx, lowest) == 1 && SSL_CTX_set_max_proto_version(ctx, highest) == 1;
}
static inline void copenssl_CTX_set_mode(SSL_CTX *ctx, long mode) { SSL_CTX_set_mode(ctx, mode); }
static inline void copenssl_CTX_set_session_cache_off(SSL_CTX *ctx) { SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); }
static inline int copenssl_CTX_set_groups(SSL_CTX *ctx, const char *names) { return (int)SSL_CTX_set1_groups_list(ctx, names); }

// Connections.
static inline int copenssl_set_server_name(SSL *ssl, const char *name) { return (int)SSL_set_tlsext_host_name(ssl, name); }

// A BIO of one's own answers these commands and raises these flags.
static inline void copenssl_BIO_set_retry_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void copenssl_BIO_clear_retry(BIO *bio) { BIO_clear_retry_flags(bio); }
static inline long copenssl_BIO_mem_data(BIO *bio, char **bytes) { return BIO_get_mem_data(bio, bytes); }

// Certificates.
static inline EVP_PKEY *copenssl_P256_key(void) { return EVP_EC_gen("P-256"); }

// Keys made of numbers.
static inline int copenssl_pkey_from_data(EVP_PKEY_CTX *ctx, EVP_PKEY **key, OSSL_PARAM *params, int is_pair) {
  return EVP_PKEY_fromdata_init(ctx) == 1 && EVP_PKEY_fromdata(ctx, key, is_pair ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params) == 1;
}
static inline int copenssl_ed25519_type(void) { return EVP_PKEY_ED25519; }
static inline EVP_PKEY *copenssl_ed25519_key(void) { return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"); }

// Printing.
static inline int copenssl_print_name(BIO *bio, const X509_NAME *name) { return X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB); }
#endif

#include "store/format/record.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <memory>

namespace posthorn::store {
namespace {

constexpr std::size_t kChecksumSize = 4;

std::uint32_t short_checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(checksum(bytes));
}

/// The encoding of a page's payload in the record.
enum class Packing : std::uint8_t { plain = 0, zstd = 1 };

struct FreeCompressor {
  void operator()(ZSTD_CCtx* c) const { ZSTD_freeCCtx(c); }
};
struct FreeDecompressor {
  void operator()(ZSTD_DCtx* c) const { ZSTD_freeDCtx(c); }
};

class PieceMac {
 public:
  PieceMac() : mac_(EVP_MAC_fetch(nullptr, "HMAC", nullptr)), context_(EVP_MAC_CTX_new(mac_)) {}
  ~PieceMac() {
    EVP_MAC_CTX_free(context_);
    EVP_MAC_free(mac_);
  }
  PieceMac(const PieceMac&) = delete;
  PieceMac& operator=(const PieceMac&) = delete;

  std::string hash(std::string_view key, std::string_view bytes) {
    if (key == key_) {
      EVP_MAC_init(context_, nullptr, 0, nullptr);  // Restarts with the same key.
    } else {
      char digest_name[] = "SHA256";
      const OSSL_PARAM parameters[] = {
          OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name, 0),
          OSSL_PARAM_construct_end()};
      EVP_MAC_init(context_, octets(key), key.size(), parameters);
      key_ = key;
    }
    EVP_MAC_update(context_, octets(bytes), bytes.size());
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    std::size_t length = 0;
    EVP_MAC_final(context_, digest.data(), &length, digest.size());
    return {reinterpret_cast<const char*>(digest.data()), 16};
  }

 private:
  static const unsigned char* octets(std::string_view s) {
    return reinterpret_cast<const unsigned char*>(s.data());
  }
  EVP_MAC* mac_;
  EVP_MAC_CTX* context_;
  std::string key_;
};

}  // namespace

std::string seal(std::string_view payload, std::uint8_t version) {
  std::string out;
  out.reserve(payload.size() + 1 + kChecksumSize);
  ByteWriter w(out);
  w.u8(version);
  w.raw(payload);
  w.u32(short_checksum(out));
  return out;
}

std::uint8_t record_version(std::string_view record) {
  return static_cast<std::uint8_t>(record.front());
}

Result<std::string_view> unseal(std::string_view record) {
  if (record.size() < 1 + kChecksumSize) return fail(ErrorKind::corrupt, "a record is too short");
  ByteReader end(record.substr(record.size() - kChecksumSize));
  record.remove_suffix(kChecksumSize);
  if (end.u32() != short_checksum(record))
    return fail(ErrorKind::corrupt, "a record does not match its checksum");
  if (static_cast<std::uint8_t>(record.front()) > kNewestRecordVersion)
    return fail(ErrorKind::not_supported, "a record was written by a newer version of Posthorn");
  return record.substr(1);
}

std::size_t begin_plain_page(std::string& out) {
  const std::size_t begun = out.size();
  ByteWriter w(out);
  w.u8(kFirstRecordVersion);
  w.u8(static_cast<std::uint8_t>(Packing::plain));
  return begun;
}

void end_plain_page(std::string& out, std::size_t begun) {
  const std::uint32_t sum = short_checksum(std::string_view(out).substr(begun));
  ByteWriter(out).u32(sum);
}

std::string seal_page(std::string_view payload) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeCompressor> context(ZSTD_createCCtx());
  std::string packed;
  ByteWriter w(packed);
  w.u8(static_cast<std::uint8_t>(Packing::zstd));
  w.varint(payload.size());
  const std::size_t start = packed.size();
  const std::size_t bound = ZSTD_compressBound(payload.size());
  std::size_t made = 0;
  packed.resize_and_overwrite(start + bound, [&](char* data, std::size_t) {
    constexpr int kLevel = 1;
    made = ZSTD_compressCCtx(context.get(), data + start, bound, payload.data(), payload.size(),
                             kLevel);
    return ZSTD_isError(made) ? start : start + made;
  });
  if (ZSTD_isError(made) || made >= payload.size()) {
    packed.clear();
    packed.reserve(payload.size() + 2 + kChecksumSize);
    const std::size_t begun = begin_plain_page(packed);
    packed += payload;
    end_plain_page(packed, begun);
    return packed;
  }
  return seal(packed);
}

namespace {

struct Packed {
  Packing packing = Packing::plain;
  std::uint64_t size = 0;  ///< Of the payload.
  std::string_view bytes;
};

Result<Packed> unseal_packed(std::string_view record) {
  auto sealed = unseal(record);
  if (!sealed) return pass(sealed);
  ByteReader r(*sealed);
  Packed packed;
  packed.packing = static_cast<Packing>(r.u8());
  if (packed.packing == Packing::plain) {
    packed.bytes = r.rest();
    packed.size = packed.bytes.size();
    return packed;
  }
  packed.size = r.varint();
  packed.bytes = r.rest();
  if (packed.packing != Packing::zstd || !r.ok() || packed.size > kMaxPagePayload)
    return fail(ErrorKind::corrupt, "a page has an impossible size or packing");
  return packed;
}

/// Requires: `room` has packed.size octets.
Status unpack(const Packed& packed, char* room) {
  if (packed.packing == Packing::plain) {
    std::ranges::copy(packed.bytes, room);
    return {};
  }
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeDecompressor> context(ZSTD_createDCtx());
  const std::size_t made = ZSTD_decompressDCtx(context.get(), room, packed.size,
                                               packed.bytes.data(), packed.bytes.size());
  if (ZSTD_isError(made) || made != packed.size)
    return fail(ErrorKind::corrupt, "a page does not decompress",
                ZSTD_isError(made) ? ZSTD_getErrorName(made) : "short");
  return {};
}

}  // namespace

Result<std::string> unseal_page(std::string_view record) {
  auto packed = unseal_packed(record);
  if (!packed) return pass(packed);
  std::string out;
  Status unpacked;
  // Avoids filling with zeros first. libstdc++ 12 may call back with a larger size than requested.
  out.resize_and_overwrite(packed->size, [&](char* room, std::size_t) {
    unpacked = unpack(*packed, room);
    return unpacked ? packed->size : 0;
  });
  if (!unpacked) return pass(unpacked);
  return out;
}

Status check_page(std::string_view record, std::uint64_t size) {
  auto packed = unseal_packed(record);
  if (!packed) return pass(packed);
  if (packed->size != size) return fail(ErrorKind::corrupt, "a page has the wrong size");
  return {};
}

Status unseal_page_into(std::string_view record, std::span<char> room) {
  auto packed = unseal_packed(record);
  if (!packed) return pass(packed);
  if (packed->size != room.size()) return fail(ErrorKind::corrupt, "a page has the wrong size");
  return unpack(*packed, room.data());
}

std::string keyed_hash(std::string_view key, std::string_view bytes) {
  // Fetching the algorithm costs as much as hashing several kilobytes, so each thread keeps a keyed
  // one.
  thread_local PieceMac mac;
  return mac.hash(key, bytes);
}

std::string scoped_key(std::string_view key, std::string_view kind, std::string_view scope) {
  std::string named(kind);
  named += '\0';
  named += scope;
  // Two hashes of 16 octets give the length of the store's own key.
  return keyed_hash(key, named + '\1') + keyed_hash(key, named + '\2');
}

}  // namespace posthorn::store

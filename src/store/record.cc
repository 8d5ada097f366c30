#include "store/record.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <zstd.h>

#include <array>
#include <memory>

namespace posthorn::store {
namespace {

constexpr std::size_t kChecksumSize = 4;

std::uint32_t short_checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(checksum(bytes));
}

/// How a page's payload lies in the record.
enum class Packing : std::uint8_t { plain = 0, zstd = 1 };

struct FreeCompressor {
  void operator()(ZSTD_CCtx* c) const { ZSTD_freeCCtx(c); }
};
struct FreeDecompressor {
  void operator()(ZSTD_DCtx* c) const { ZSTD_freeDCtx(c); }
};

}  // namespace

std::string seal(std::string_view payload) {
  std::string out;
  out.reserve(payload.size() + 1 + kChecksumSize);
  ByteWriter w(out);
  w.u8(kRecordVersion);
  w.raw(payload);
  w.u32(short_checksum(out));
  return out;
}

Result<std::string_view> unseal(std::string_view record) {
  if (record.size() < 1 + kChecksumSize) return fail(ErrorKind::corrupt, "a record is too short");
  ByteReader end(record.substr(record.size() - kChecksumSize));
  record.remove_suffix(kChecksumSize);
  if (end.u32() != short_checksum(record))
    return fail(ErrorKind::corrupt, "a record does not match its checksum");
  if (static_cast<std::uint8_t>(record.front()) > kRecordVersion)
    return fail(ErrorKind::not_supported, "a record was written by a newer version of Posthorn");
  return record.substr(1);
}

std::string seal_page(std::string_view payload) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeCompressor> context(ZSTD_createCCtx());
  std::string packed;
  ByteWriter w(packed);
  w.u8(static_cast<std::uint8_t>(Packing::zstd));
  w.varint(payload.size());
  const std::size_t start = packed.size();
  packed.resize(start + ZSTD_compressBound(payload.size()));
  constexpr int kLevel = 1;
  const std::size_t made =
      ZSTD_compressCCtx(context.get(), packed.data() + start, packed.size() - start, payload.data(),
                        payload.size(), kLevel);
  if (ZSTD_isError(made) || made >= payload.size()) {
    packed.clear();
    w.u8(static_cast<std::uint8_t>(Packing::plain));
    w.raw(payload);
  } else {
    packed.resize(start + made);
  }
  return seal(packed);
}

Result<std::string> unseal_page(std::string_view record) {
  auto packed = unseal(record);
  if (!packed) return pass(packed);
  ByteReader r(*packed);
  const auto packing = static_cast<Packing>(r.u8());
  if (packing == Packing::plain) return std::string(r.rest());
  const std::uint64_t size = r.varint();
  if (packing != Packing::zstd || !r.ok() || size > kMaxPagePayload)
    return fail(ErrorKind::corrupt, "a page has an impossible size or packing");
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeDecompressor> context(ZSTD_createDCtx());
  std::string out;
  out.resize(size);
  const std::size_t made =
      ZSTD_decompressDCtx(context.get(), out.data(), out.size(), r.rest().data(), r.rest().size());
  if (ZSTD_isError(made) || made != size)
    return fail(ErrorKind::corrupt, "a page does not decompress",
                ZSTD_isError(made) ? ZSTD_getErrorName(made) : "short");
  return out;
}

std::string keyed_hash(std::string_view key, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data(), &length);
  return {reinterpret_cast<const char*>(digest.data()), 16};
}

}  // namespace posthorn::store

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

/// The envelope of every stored value: one version byte, the payload, and a checksum of four
/// octets. Pages and pieces are compressed with zstd if that makes them smaller.
namespace posthorn::store {

/// The newest version of a record layout in this program. Records of a later version are refused.
/// Most layouts still have their first version.
inline constexpr std::uint8_t kNewestRecordVersion = 2;
inline constexpr std::uint8_t kFirstRecordVersion = 1;

/// Wraps a payload.
std::string seal(std::string_view payload, std::uint8_t version = kFirstRecordVersion);
/// Returns the version of a record that unseal() accepts.
std::uint8_t record_version(std::string_view record);
/// Returns the payload as a view into `record`. Errors: corrupt, not_supported (written by a later
/// version).
Result<std::string_view> unseal(std::string_view record);

/// Like seal(), with compression.
std::string seal_page(std::string_view payload);
/// Builds a page in place and without compression: the payload is what is appended to `out` between
/// the two calls. For data that will soon be packed again.
std::size_t begin_plain_page(std::string& out);
void end_plain_page(std::string& out, std::size_t begun);
/// Errors: as unseal(). Returns at most kMaxPagePayload octets.
Result<std::string> unseal_page(std::string_view record);

/// Checks that unseal_page() would return this many octets, without decompressing: the checksum
/// covers the compressed octets. Errors: as unseal().
Status check_page(std::string_view record, std::uint64_t size);

/// Decompresses into `room`, which must have exactly the right size; otherwise the error is
/// corrupt.
Status unseal_page_into(std::string_view record, std::span<char> room);

inline constexpr std::size_t kMaxPagePayload = std::size_t{1} << 30;

/// The name of a piece: 16 octets of HMAC-SHA256. The key is private to the store, so outsiders can
/// neither construct two contents with one name nor find out whether a content is stored.
std::string keyed_hash(std::string_view key, std::string_view bytes);

/// Derives the key of one sharing scope from the store's key, so that the scope's pieces have names
/// of their own. `kind` says what kind of name `scope` is; it must not contain NUL.
std::string scoped_key(std::string_view key, std::string_view kind, std::string_view scope);

}  // namespace posthorn::store

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

/// The envelope of every stored value: one version byte, the payload, four octets of checksum.
/// Pages and pieces are compressed with zstd when that makes them smaller.
namespace posthorn::store {

/// Of the record layouts in this program. A record of a later one is refused.
inline constexpr std::uint8_t kRecordVersion = 1;

/// Wraps a payload.
std::string seal(std::string_view payload);
/// The payload; a view into `record`. Errors: corrupt, not_supported (written by a later version).
Result<std::string_view> unseal(std::string_view record);

/// seal(), compressed.
std::string seal_page(std::string_view payload);
/// The same without the work of compressing, made in place: what is appended to `out` between the
/// two is the payload. For what is packed anew before long.
std::size_t begin_plain_page(std::string& out);
void end_plain_page(std::string& out, std::size_t begun);
/// Errors: as unseal(). At most kMaxPagePayload octets come out.
Result<std::string> unseal_page(std::string_view record);

/// Whether unseal_page() would give so many octets, without the work of unpacking them: the checksum
/// is of the packed octets. Errors: as unseal().
Status check_page(std::string_view record, std::uint64_t size);

/// Into just so much room; corrupt if it is not that many octets.
Status unseal_page_into(std::string_view record, std::span<char> room);

inline constexpr std::size_t kMaxPagePayload = std::size_t{1} << 30;

/// 16 octets of HMAC-SHA256: a piece's name. The key is the store's own, so that nobody outside can
/// find two contents of one name or tell whether a content is there.
std::string keyed_hash(std::string_view key, std::string_view bytes);

/// The key for those of one scope, made of the store's: its pieces have names of their own. `kind`
/// says what `scope` is the name of; no NUL in it.
std::string scoped_key(std::string_view key, std::string_view kind, std::string_view scope);

}  // namespace posthorn::store

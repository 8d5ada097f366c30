#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

/// The format of RocksDB's blob files: a header of 30 octets, then records of a header of 32 octets
/// (lengths of key and value u64, an expiry u64, the checksum of these, the checksum of key and
/// value), the key and the value. They are read here because RocksDB reads only those that its
/// MANIFEST names.
namespace posthorn::engine::rocks {

/// Reads the value of `key`. `place` is what a table has instead of the value: the octet 1, the
/// file's number, the value's place in it and its length (varints), and the octet 0: not
/// compressed. Errors: io (the file exists and cannot be opened), not_found (it does not exist),
/// corrupt (the value is damaged), not_supported.
Result<std::string> read_blob(const std::string& folder, std::string_view key,
                              std::string_view place);

}  // namespace posthorn::engine::rocks

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "store/value/grants.h"
#include "store/value/reader_flags.h"

/// The rows about sharing (docs/storage-format.md). Errors of decoding: corrupt, not_supported.
namespace posthorn::store {

std::string encode_grant(const Grant& grant);
Result<Grant> decode_grant(std::string_view record);

/// The page that a record is in is not part of it.
std::string encode_reader_flags(const ReaderFlags& seen);
Result<ReaderFlags> decode_reader_flags(std::string_view record);

}  // namespace posthorn::store

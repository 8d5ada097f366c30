#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "store/value/outbox.h"
#include "store/value/sending.h"

/// Encodes values of sending as records and decodes them (docs/storage-format.md). Errors of
/// decoding: corrupt, not_supported.
namespace posthorn::store {

/// An outbox row contains or names the record (paged_record.h).
std::string encode_outbox_entry(const OutboxEntry& entry);
Result<OutboxEntry> decode_outbox_entry(OutboxId id, std::string_view record);

std::string encode_usage(const SendingUsage& usage);
Result<SendingUsage> decode_usage(std::string_view record);

std::string encode_sending_settings(const SendingSettings& settings);
Result<SendingSettings> decode_sending_settings(std::string_view record);

/// Encodes a row that holds only a time: of an intent carried out, or of an account with an outbox.
std::string encode_time(std::int64_t seconds);
Result<std::int64_t> decode_time(std::string_view record);

}  // namespace posthorn::store

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "store/value/outbox.h"
#include "store/value/sending.h"

/// Records of sending to values and back (docs/storage-format.md). Decoding errors are corrupt or
/// not_supported.
namespace posthorn::store {

std::string encode_outbox_entry(const OutboxEntry& entry);
Result<OutboxEntry> decode_outbox_entry(OutboxId id, std::string_view record);
/// From an outbox row, whose record may lie in a page. May block.
Result<OutboxEntry> read_outbox_entry(engine::Engine& engine, const PartitionId& partition,
                                      const engine::Row& row);

std::string encode_usage(const SendingUsage& usage);
Result<SendingUsage> decode_usage(std::string_view record);

std::string encode_sending_settings(const SendingSettings& settings);
Result<SendingSettings> decode_sending_settings(std::string_view record);

/// A row that holds nothing but a time: of an intent carried out, of an account with an outbox.
std::string encode_time(std::int64_t seconds);
Result<std::int64_t> decode_time(std::string_view record);

}  // namespace posthorn::store

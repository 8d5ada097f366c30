#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/rocksdb/storage.h"

/// The engine's reads, on the calling thread. Errors: those of Engine's reads; would_block with
/// Tier::cached_only.
/// Thread: any that may wait for the disk; with Tier::cached_only, any.
namespace posthorn::engine::rocks {

Result<PartitionVersion> read_version(Storage& storage, const PartitionId& partition, Tier tier);
Result<Values> read_rows(Storage& storage, const PartitionId& partition,
                         std::span<const std::string> keys, Tier tier);
Result<ScanResult> read_range(Storage& storage, const PartitionId& partition,
                              std::string_view first, std::string_view last, std::size_t limit,
                              Tier tier);
Result<std::string> read_page(Storage& storage, const PartitionId& partition, PageNumber number,
                              Tier tier);
Result<std::string> read_piece(Storage& storage, const PieceName& name, Tier tier);

/// The same without a copy: gives `visit` the bytes as those of place `i`. With Tier::cached_only,
/// nothing is given if the result would be an error; returns whether something was given.
bool visit_page(Storage& storage, const PartitionId& partition, PageNumber number, Tier tier,
                std::size_t i, const BlobVisitor& visit);
bool visit_piece(Storage& storage, const PieceName& name, Tier tier, std::size_t i,
                 const BlobVisitor& visit);

}  // namespace posthorn::engine::rocks

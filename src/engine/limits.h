#pragma once

#include <cstddef>
#include <span>

#include "engine/engine.h"

/// Limits that every engine enforces, so that a change accepted by one engine is accepted by all.
namespace posthorn::engine {

inline constexpr std::size_t kMaxRowKey = 1024;
inline constexpr std::size_t kMaxRowValue = 64UL * 1024;
/// Of a page or a piece, in octets as stored.
inline constexpr std::size_t kMaxBlob = 64UL * 1024 * 1024;

/// Errors: too_big, naming the limit that was exceeded.
Status check_limits(std::span<const Edit> edits);
Status check_limits(const Commit& commit);
Status check_blob(std::size_t bytes);

/// The number of bytes a commit holds while it waits; the bound of a queue counts these.
std::size_t bytes_of(const Commit& commit);

/// Errors: not_found if the piece is absent and the hold brings no bytes to write.
Status check_writable(const PieceHold& absent);

/// The error for a stale `expect`. Its text is the revision found, in decimal.
[[nodiscard]] std::unexpected<Error> conflict_at(const PartitionVersion& found);

}  // namespace posthorn::engine

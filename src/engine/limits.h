#pragma once

#include <cstddef>
#include <span>

#include "engine/engine.h"

/// What every engine holds its callers to, so that a change that one engine takes all of them take.
namespace posthorn::engine {

inline constexpr std::size_t kMaxRowKey = 1024;
inline constexpr std::size_t kMaxRowValue = 64UL * 1024;
/// Of a page or a piece, as stored.
inline constexpr std::size_t kMaxBlob = 64UL * 1024 * 1024;

/// Errors: too_big, naming which bound was passed.
Status check_limits(std::span<const Edit> edits);
Status check_limits(const Commit& commit);
Status check_blob(std::size_t bytes);

/// Bytes the commit holds on to while it waits: what a queue's bound counts.
std::size_t bytes_of(const Commit& commit);

/// Errors: not_found when the piece is absent and the hold brings no bytes to write.
Status check_writable(const PieceHold& absent);

/// The failure a stale `expect` gets: its text is the tail in decimal.
[[nodiscard]] std::unexpected<Error> conflict_at(Seq tail);

}  // namespace posthorn::engine

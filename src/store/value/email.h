#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "engine/engine.h"

namespace posthorn::store {

/// One piece of a body; bodies list them in order.
struct BodyPiece {
  engine::PieceName name;
  std::uint32_t size = 0;  ///< Number of octets of the body in this piece.
};

/// The stored data of a message except the octets of its body: one record of four columns.
struct EmailRecord {
  /// See message/digest/digest.h: the data that SORT, THREAD and most of SEARCH read.
  std::string keys;
  /// See message/digest/digest.h: envelope, body structure, parts, preview.
  std::string structure;
  /// The header block as fetched, beginning with the trace fields of this delivery.
  std::string header;
  std::string body;  ///< An encoded BodyList.
};

/// The decoded `body` column: the pieces of the body and the hash of the whole message.
struct BodyList {
  std::vector<BodyPiece> pieces;
  std::string sha256;  ///< Of the message as received, without the prefix; 32 octets.
  /// Octets of trace fields that were put in front of the received message.
  std::uint32_t prefix_size = 0;
  /// A short body that is in the column itself, as a page record; then there are no pieces. Only
  /// engines that have reason to ask for that (Engine::small_body_octets()) have such messages.
  std::string inside = {};
  std::uint32_t inside_size = 0;  ///< Number of octets of the body in `inside`.
};

/// A completely received message. It can be appended to any number of mailboxes and accounts.
struct NewEmail {
  std::shared_ptr<const EmailRecord> record;
  std::uint64_t size = 0;  ///< RFC822.SIZE.
  /// The pieces that the change that appends the message must hold. Those that were written ahead
  /// carry no bytes.
  std::shared_ptr<const std::vector<engine::PieceHold>> holds;
};

}  // namespace posthorn::store

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

/// One piece of a body, in order.
struct BodyPiece {
  engine::PieceName name;
  std::uint32_t size = 0;  ///< Octets of the body it stands for.
};

/// What is stored of a message besides its body's octets: one record of four columns.
struct EmailRecord {
  std::string keys;       ///< message/digest/digest.h: what SORT, THREAD and most of SEARCH read.
  std::string structure;  ///< message/digest/digest.h: envelope, body structure, parts, preview.
  std::string header;     ///< The header block as fetched, trace fields of this delivery first.
  std::string body;       ///< Encoded BodyList.
};

/// The body's pieces and the whole message's hash, as the `body` column holds them.
struct BodyList {
  std::vector<BodyPiece> pieces;
  std::string sha256;             ///< Of the message as received, without the prefix; 32 octets.
  std::uint32_t prefix_size = 0;  ///< Octets of trace fields added in front of what was received.
};

/// A message taken in whole, ready to be appended to any number of mailboxes and accounts.
struct NewEmail {
  std::shared_ptr<const EmailRecord> record;
  std::uint64_t size = 0;  ///< RFC822.SIZE.
  /// The pieces to be held by the change that appends it; those written ahead have no bytes here.
  std::shared_ptr<const std::vector<engine::PieceHold>> holds;
};

}  // namespace posthorn::store

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "message/mime/structure_view.h"
#include "store/account.h"
#include "store/read/email_reader.h"
#include "store/read/piece_batch.h"
#include "store/texts/read_texts.h"
#include "text/collation.h"

namespace posthorn::store {

/// Takes the texts of a message that SEARCH examines. A text that is found in a message lies within
/// one of them.
class TextSink {
 public:
  TextSink() = default;
  TextSink(const TextSink&) = delete;
  TextSink& operator=(const TextSink&) = delete;
  virtual ~TextSink() = default;

  /// A new text begins.
  virtual void begin() = 0;
  /// Takes the next octets of the text's key (text::collate), ending between two characters.
  /// Returns true if no more is wanted of this message.
  virtual bool feed(std::string_view key) = 0;
};

/// Reads the texts of messages, one message after the other, and reuses its buffers. Searches and
/// the filters that spare them some of their work see the same texts by using this class. A change
/// of what it gives must increment kFilterVersion (filter/filter_catalog.h). Used by one thread at
/// a time.
class SearchedText {
 public:
  explicit SearchedText(AccountPtr account, text::Collation collation = text::kDefaultCollation)
      : account_(std::move(account)),
        collation_(collation),
        pieces_(account_),
        attachments_(account_) {}

  /// Gives the decoded text of every text part, and the headers of inner messages (RFC 9051 §6.4.4
  /// BODY). `structure` and `body` are columns of the message. Returns whether the sink wanted no
  /// more. May block. Errors: not_found, corrupt, io.
  Result<bool> body(std::string_view structure, std::string_view body, TextSink& sink);
  /// Gives the text of a message's attachments, as far as it has been extracted
  /// (store/upkeep/attachments.h), each attachment as a text of its own. Returns whether the sink
  /// wanted no more. May block. Errors: io.
  Result<bool> attachments(Ordinal ordinal, TextSink& sink);
  /// Gives the decoded header, with each field as a text "Name: value" (RFC 9051 §6.4.4 TEXT).
  /// Returns whether the sink wanted no more.
  bool header(std::string_view header, TextSink& sink);

 private:
  void read_pieces(const message::StructureView& view, const BodyList& list);
  Result<bool> part(const message::PartView& part, BodyReader& reader, std::uint64_t header_size,
                    TextSink& sink);

  AccountPtr account_;
  const text::Collation collation_;
  PieceBatch pieces_;
  TextsReader attachments_;
  std::string of_;  ///< The body column whose pieces are in pieces_.
  std::string decoded_;
  std::string key_;
};

}  // namespace posthorn::store

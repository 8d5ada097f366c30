#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "extract/text_extractor.h"
#include "message/mime/structure_view.h"
#include "store/account.h"
#include "store/format/codec.h"
#include "store/format/group_page.h"
#include "store/read/email_reader.h"

namespace posthorn::store {

/// The text of the documents of some neighbouring messages.
struct ExtractedTexts {
  Ordinal last;                                        ///< The last of these messages.
  std::vector<std::pair<Ordinal, std::string>> texts;  ///< Of those that have any.
};

/// Has the text of a group's attachments extracted. A part is a document if its octets begin like
/// one (extract/kind.h), whatever its media type says; text, images, audio and video are not looked
/// at. Blocks.
class GroupTexts {
 public:
  GroupTexts(AccountPtr account, extract::TextExtractor& extractor)
      : account_(std::move(account)), extractor_(extractor) {}

  /// Reads the messages of a group from ordinal `from` on, at least one: some seconds' worth, or
  /// some megabytes of text. A message or document that cannot be read has no text. Errors: io;
  /// unavailable (extract::TextExtractor).
  Result<ExtractedTexts> run(const GroupRef& group, Ordinal from);

 private:
  using Page = std::shared_ptr<const GroupPage>;
  Result<std::string> of_message(std::string_view structure, std::string_view header,
                                 std::string_view body);
  /// Empty if it is no document.
  Result<std::string> of_part(const message::PartView& part, BodyReader& reader,
                              std::uint64_t header_size);

  AccountPtr account_;
  extract::TextExtractor& extractor_;
};

/// Returns valid UTF-8 in which every run of white space and control characters is one space, so
/// that words which a document has on two lines are found together.
std::string tidy_text(std::string_view extracted);

}  // namespace posthorn::store

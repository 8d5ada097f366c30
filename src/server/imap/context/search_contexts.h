#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "service/live_result.h"
#include "wire/imap/command/commands_message.h"

namespace posthorn::server::imap {

class Session;

/// A search whose changes the client is told (RFC 5267 §4.3).
struct SearchContext {
  std::string tag;  ///< Of the command, by which the client knows it.
  wire::imap::Numbering numbering = wire::imap::Numbering::seqnum;
  std::string mailbox;  ///< Named in the responses if the command was ESEARCH; else empty.
  std::vector<wire::imap::FetchItem> fetch;  ///< Sent of new messages that match (RFC 5465 §7).
  text::Collation collation = text::kDefaultCollation;  ///< The comparator of the command.
  service::LiveResult result;
};

/// Those of one selected mailbox. They end with it.
class SearchContexts {
 public:
  /// A client gets no updates of more searches than this, nor of results that need more memory
  /// together: it is told so by NOUPDATE (RFC 5267 §4.3.1).
  static constexpr std::size_t kMost = 16;
  static constexpr std::size_t kMostOctets = 1 << 20;

  [[nodiscard]] bool has(std::string_view tag) const;
  /// Returns false, and does nothing, if there is no room.
  bool add(SearchContext context);
  void remove(std::string_view tag);
  [[nodiscard]] std::vector<SearchContext>& all() { return all_; }
  /// Returns whether there is anything to tell of one of them.
  [[nodiscard]] bool is_behind(const store::FlagsView& now, const service::Membership& told) const;
  [[nodiscard]] bool is_too_large() const { return octets() > kMostOctets; }

 private:
  [[nodiscard]] std::size_t octets() const;
  std::vector<SearchContext> all_;
};

/// Returns whether the command asks for updates under a tag that another search still uses (RFC
/// 5267 §4.3). It must be answered BAD then, and have no effect.
bool reuses_tag(const Session& session, const std::optional<wire::imap::SearchReturn>& returns);
/// Prepares the context that a search asks for with UPDATE, before the search uses up its key.
/// Returns nothing if it does not ask.
std::optional<SearchContext> begin_context(const Session& session,
                                           const std::optional<wire::imap::SearchReturn>& returns,
                                           wire::imap::Numbering numbering,
                                           const message::SearchKey& key,
                                           std::vector<message::SortKey> order,
                                           const service::SearchScope& scope);
/// Keeps the context up to date from now on, or says NOUPDATE. `positions` is what the search has
/// found in `scope.now`, in the order of the result.
void keep_context(Session& session, SearchContext context, const service::SearchScope& scope,
                  std::span<const std::uint32_t> positions);
/// Says that the changes of a search are not told.
void say_no_update(Session& session, std::string_view tag, std::string_view why);

}  // namespace posthorn::server::imap

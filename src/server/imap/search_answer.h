#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "server/imap/session.h"
#include "service/search.h"

namespace posthorn::server::imap {

/// What SEARCH, SORT and THREAD have in common: from what matched to what is said of it.
class SearchAnswer {
 public:
  /// Both must outlive it. Requires: a selected mailbox; `now` with contents.
  SearchAnswer(Session& session, store::MailboxPtr now, wire::imap::Numbering numbering)
      : session_(session), now_(std::move(now)), numbering_(numbering) {}

  [[nodiscard]] service::SearchScope scope() const;
  /// The numbers the client knows these messages by, in the order given.
  [[nodiscard]] std::vector<std::uint32_t> numbers_of(
      std::span<const std::uint32_t> positions) const;
  [[nodiscard]] std::uint32_t number_of(std::uint32_t position) const;
  /// The highest MODSEQ among them (RFC 7162 §3.1.5). None when there are no messages.
  [[nodiscard]] std::optional<ModSeq> highest_of(std::span<const std::uint32_t> positions) const;

  /// An untagged NO when messages could not be read: a warning, and the command goes on (RFC 9051
  /// §7.1.2). A tagged NO would make clients throw away what was found, and one damaged message
  /// would end all searching of its mailbox; OK alone would say that there is no more to find.
  void warn(const store::Unreadable& unreadable, std::string_view what_became_of_them);

  enum class Order : std::uint8_t { by_number, as_given };
  /// An ESEARCH response (RFC 4731 §3.1; RFC 5267 §3 for SORT), and SAVE (RFC 5182). `positions`
  /// are what matched, in order.
  void say_extended(const wire::imap::SearchReturn& returns,
                    std::span<const std::uint32_t> positions, Order order, bool with_modseq);

 private:
  void save(const wire::imap::SearchReturn& returns, std::span<const std::uint32_t> positions);
  Session& session_;
  store::MailboxPtr now_;
  wire::imap::Numbering numbering_;
};

}  // namespace posthorn::server::imap

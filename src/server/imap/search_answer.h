#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "server/imap/progress.h"
#include "server/imap/session.h"
#include "service/search.h"

namespace posthorn::server::imap {

/// What is searched, as the client knows it. What it refers to must outlive it.
struct SearchSource {
  const service::MailboxRef& mailbox;
  const service::Membership& told;
  const NumberSet& recent;
  const NumberSet& saved;      ///< What `$` stands for.
  std::string_view name = {};  ///< Part of the response, if not empty (RFC 7377 §2.1).
  static SearchSource selected(const Session& session) {
    const Selected& s = *session.selected;
    return {s.mailbox, s.told(), s.recent, s.saved_result};
  }
};

/// Formats results for SEARCH, SORT and THREAD.
class SearchAnswer {
 public:
  /// The answer for the selected mailbox. The session must outlive this object. Requires: a mailbox
  /// is selected, and `now` has its contents loaded.
  SearchAnswer(Session& session, store::MailboxPtr now, wire::imap::Numbering numbering)
      : SearchAnswer(session, SearchSource::selected(session), std::move(now), numbering) {}
  /// The same for any mailbox.
  SearchAnswer(Session& session, SearchSource source, store::MailboxPtr now,
               wire::imap::Numbering numbering)
      : session_(session), source_(source), now_(std::move(now)), numbering_(numbering) {}

  /// `progress` must outlive the search.
  [[nodiscard]] service::SearchScope scope(Progress& progress) const;
  /// The message numbers the client uses (sequence numbers or UIDs), in the order given.
  [[nodiscard]] std::vector<std::uint32_t> numbers_of(
      std::span<const std::uint32_t> positions) const;
  [[nodiscard]] std::uint32_t number_of(std::uint32_t position) const;
  /// The highest MODSEQ of these messages (RFC 7162 §3.1.5); none if there are no messages.
  [[nodiscard]] std::optional<ModSeq> highest_of(std::span<const std::uint32_t> positions) const;

  /// Writes an untagged NO if messages could not be read: a warning, after which the command goes
  /// on (RFC 9051 §7.1.2). After a tagged NO clients would discard what was found, and one damaged
  /// message would prevent all searches in its mailbox. A plain OK would claim that the result is
  /// complete.
  void warn(const store::Unreadable& unreadable, std::string_view what_became_of_them);

  enum class Order : std::uint8_t { by_number, as_given };
  /// Writes an ESEARCH response (RFC 4731 §3.1; RFC 5267 §3 for SORT) and performs SAVE (RFC 5182).
  /// `positions` are the matches, in order.
  void say_extended(const wire::imap::SearchReturn& returns,
                    std::span<const std::uint32_t> positions, Order order, bool with_modseq);

 private:
  void save(const wire::imap::SearchReturn& returns, std::span<const std::uint32_t> positions);
  Session& session_;
  SearchSource source_;
  store::MailboxPtr now_;
  wire::imap::Numbering numbering_;
};

}  // namespace posthorn::server::imap

#include "server/imap/search_answer.h"

#include <algorithm>

#include "server/imap/reply.h"
#include "server/imap/window.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;

NumberSet to_set(std::vector<std::uint32_t> numbers) {
  if (!std::ranges::is_sorted(numbers)) std::ranges::sort(numbers);
  NumberSet set;
  for (const std::uint32_t n : numbers) set.add(n);
  return set;
}

}  // namespace

service::SearchScope SearchAnswer::scope(Progress& progress) const {
  return {.mailbox = source_.mailbox,
          .now = now_,
          .told = &source_.told,
          .recent = &source_.recent,
          .saved = &source_.saved,
          .collation = session_.collation,
          .cancelled = &session_.given_up,
          .examined = &progress.done()};
}

void SearchAnswer::warn(const store::Unreadable& unreadable, std::string_view what_became_of_them) {
  if (unreadable.empty()) return;
  const Reply reply = reply_to(store::describe(unreadable));
  session_.say(wi::Condition::no, reply.code,
               fmt::format("{}; {}", reply.text, what_became_of_them));
}

std::uint32_t SearchAnswer::number_of(std::uint32_t position) const {
  const store::Members& members = now_->contents->members();
  if (numbering_ == wi::Numbering::uid) return members.uid_at(position).value;
  const service::Membership& told = source_.told;
  if (told.is(now_->contents->shared_members())) return position + 1;
  return told.lower_bound(members.uid_at(position)) + 1;
}

std::vector<std::uint32_t> SearchAnswer::numbers_of(
    std::span<const std::uint32_t> positions) const {
  std::vector<std::uint32_t> numbers(positions.begin(), positions.end());
  const service::Membership& told = source_.told;
  store::MemberCursor members(now_->contents->members());
  if (numbering_ == wi::Numbering::uid) {
    for (std::uint32_t& n : numbers) n = members.uid_at(n).value;
  } else if (told.is(now_->contents->shared_members())) {
    for (std::uint32_t& n : numbers) ++n;
  } else {
    for (std::uint32_t& n : numbers) n = told.lower_bound(members.uid_at(n)) + 1;
  }
  return numbers;
}

std::optional<ModSeq> SearchAnswer::highest_of(std::span<const std::uint32_t> positions) const {
  const store::FlagsView flags = source_.mailbox.flags(*now_);
  std::optional<ModSeq> highest;
  for (const std::uint32_t position : positions) {
    const ModSeq modseq = flags.at(position).modseq;
    if (!highest || modseq > *highest) highest = modseq;
  }
  return highest;
}

void SearchAnswer::save(const wi::SearchReturn& returns, std::span<const std::uint32_t> positions) {
  // RFC 5182 §2.4: with only MIN or MAX, only those messages are saved.
  NumberSet uids;
  const bool all =
      returns.all || returns.count || returns.partial || (!returns.min && !returns.max);
  const store::Members& members = now_->contents->members();
  if (all) {
    std::vector<std::uint32_t> numbers;
    numbers.reserve(positions.size());
    store::MemberCursor cursor(members);
    for (const std::uint32_t p : positions) numbers.push_back(cursor.uid_at(p).value);
    uids = to_set(std::move(numbers));
  } else if (!positions.empty()) {
    const auto [least, most] = std::ranges::minmax(positions);
    if (returns.min) uids.add(members.uid_at(least).value);
    if (returns.max) uids.add(members.uid_at(most).value);
  }
  session_.selected->saved_result = std::move(uids);
}

void SearchAnswer::say_extended(const wi::SearchReturn& returns,
                                std::span<const std::uint32_t> positions, Order order,
                                bool with_modseq) {
  if (returns.save) save(returns, positions);
  const bool says = returns.min || returns.max || returns.all || returns.count || returns.partial;
  if (!says) return;  // RFC 5182 §2.1: SAVE alone has no response.
  // COUNT, MIN and MAX do not need the list of numbers.
  std::vector<std::uint32_t> numbers;
  if (returns.all || returns.partial) numbers = numbers_of(positions);
  const NumberSet set = returns.all && order == Order::by_number ? to_set(numbers) : NumberSet();
  wi::EsearchResponse response;
  response.tag = session_.tag;
  response.mailbox = source_.name;
  response.uid_validity = now_->head.uid_validity;
  response.numbering = numbering_;
  if (!positions.empty()) {
    // RFC 5267 §3: MIN and MAX of a sorted result are its first and last message.
    if (returns.min) response.min = number_of(positions.front());
    if (returns.max) response.max = number_of(positions.back());
  }
  if (returns.count) response.count = static_cast<std::uint32_t>(positions.size());
  if (returns.all && order == Order::by_number) response.all = &set;
  if (returns.all && order == Order::as_given) response.all_ordered = numbers;
  if (returns.partial) {
    response.partial = {*returns.partial, {}, {}};
    const auto shown = window(std::span(numbers), *returns.partial);
    if (order == Order::by_number) {
      response.partial->numbers = to_set({shown.begin(), shown.end()});
    } else {
      response.partial->ordered = shown;
    }
  }
  if (with_modseq && !positions.empty()) {
    // RFC 7162 §3.1.10: the highest MODSEQ of the messages in the response.
    const bool whole = returns.all || returns.count || returns.partial;
    std::vector<std::uint32_t> ends;
    if (returns.min) ends.push_back(positions.front());
    if (returns.max) ends.push_back(positions.back());
    response.modseq = highest_of(whole ? positions : std::span<const std::uint32_t>(ends));
  }
  auto w = session_.writer();
  wi::format_esearch(w, response);
}

}  // namespace posthorn::server::imap

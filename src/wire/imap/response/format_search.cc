#include "wire/imap/response/format_search.h"

#include "wire/imap/response/response.h"

namespace posthorn::wire::imap {

namespace {

void end_with_modseq(Writer& w, std::optional<ModSeq> highest, bool any) {
  // RFC 7162 §3.1.5: no MODSEQ with an empty result.
  if (highest && any) w.raw(" (MODSEQ ").number(highest->value).raw(')');
  w.crlf();
}

void partial_result(Writer& w, const SearchPartial& partial) {
  const std::string_view sign = partial.range.from == PartialRange::From::newest ? "-" : "";
  w.raw(" PARTIAL (").raw(sign).number(partial.range.first).raw(':');
  w.raw(sign).number(partial.range.last).sp();
  if (!partial.ordered.empty())
    format_ordered_set(w, partial.ordered);
  else if (partial.numbers.empty())
    w.raw("NIL");
  else
    w.set(partial.numbers);
  w.raw(')');
}

}  // namespace

void format_correlator(Writer& w, std::string_view tag, std::string_view mailbox,
                       UidValidity uid_validity) {
  w.raw("ESEARCH (TAG ").quoted(tag);
  if (!mailbox.empty())
    w.raw(" MAILBOX ").mailbox(mailbox).raw(" UIDVALIDITY ").number(uid_validity.value);
  w.raw(')');
}

void format_ordered_set(Writer& w, std::span<const std::uint32_t> numbers) {
  while (true) {
    std::size_t run = 1;
    while (run < numbers.size() && numbers[run] == numbers[run - 1] + 1) ++run;
    w.number(numbers.front());
    if (run > 1) w.raw(':').number(numbers[run - 1]);
    numbers = numbers.subspan(run);
    if (numbers.empty()) return;
    w.raw(',');
  }
}

void format_search(Writer& w, std::span<const std::uint32_t> numbers,
                   std::optional<ModSeq> highest) {
  w.raw("* SEARCH").numbers(numbers, ' ');
  end_with_modseq(w, highest, !numbers.empty());
}

void format_sort(Writer& w, std::span<const std::uint32_t> numbers, std::optional<ModSeq> highest) {
  w.raw("* SORT").numbers(numbers, ' ');
  end_with_modseq(w, highest, !numbers.empty());
}

void format_esearch(Writer& w, const EsearchResponse& r) {
  format_correlator(w.raw("* "), r.tag, r.mailbox, r.uid_validity);
  if (r.numbering == Numbering::uid) w.raw(" UID");
  if (r.min) w.raw(" MIN ").number(*r.min);
  if (r.max) w.raw(" MAX ").number(*r.max);
  if (r.count) w.raw(" COUNT ").number(*r.count);
  if (!r.all_ordered.empty())
    format_ordered_set(w.raw(" ALL "), r.all_ordered);
  else if (r.all != nullptr && !r.all->empty())
    w.raw(" ALL ").set(*r.all);
  if (r.partial) partial_result(w, *r.partial);
  if (r.modseq) w.raw(" MODSEQ ").number(r.modseq->value);
  w.crlf();
}

void format_thread(Writer& w, std::span<const ThreadItem> items) {
  w.raw("* THREAD");
  if (!items.empty()) w.sp();
  // The number of children of each item decides whether they are nested or follow on.
  std::vector<std::uint32_t> children(items.size(), 0);
  std::vector<std::size_t> path;  // The index of the item at each depth above the current one.
  for (std::size_t i = 0; i < items.size(); ++i) {
    path.resize(items[i].depth);
    if (!path.empty()) ++children[path.back()];
    path.push_back(i);
  }
  path.clear();
  std::vector<char> opened;  // Whether the item at each depth has a parenthesis of its own.
  const auto close_to = [&](std::size_t depth) {
    for (; path.size() > depth; path.pop_back(), opened.pop_back())
      if (opened.back() != 0) w.raw(')');
  };
  for (std::size_t i = 0; i < items.size(); ++i) {
    close_to(items[i].depth);
    const bool alone = !path.empty() && children[path.back()] == 1;
    const bool after_number = w.out().back() != '(' && w.out().back() != ')' && !path.empty();
    if (after_number) w.sp();
    if (!alone) w.raw('(');
    if (items[i].number != 0) w.number(items[i].number);
    path.push_back(i);
    opened.push_back(alone ? 0 : 1);
  }
  close_to(0);
  w.crlf();
}

void format_uid_batches(Writer& w, std::string_view tag, std::span<const UidBatch> batches) {
  w.raw("* UIDBATCHES (TAG ").quoted(tag).raw(')');
  char gap = ' ';
  for (const UidBatch& batch : batches) {
    w.raw(gap).number(batch.high.value).raw(':').number(batch.low.value);
    gap = ',';
  }
  w.crlf();
}

}  // namespace posthorn::wire::imap

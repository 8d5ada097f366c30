#include "wire/imap/list_match.h"

#include <algorithm>

#include "text/ascii.h"

namespace posthorn::wire::imap {

namespace {

constexpr std::size_t kBits = 64;

std::size_t row(char c) { return static_cast<unsigned char>(c); }

}  // namespace

ListPattern::ListPattern(std::string_view reference, std::string_view pattern, char delimiter)
    : delimiter_(delimiter) {
  const std::string whole = std::string(reference).append(pattern);
  final_ = static_cast<std::size_t>(
      std::ranges::count_if(whole, [](char c) { return c != '*' && c != '%'; }));
  words_ = final_ / kBits + 1;
  next_is_.assign(256 * words_, 0);
  any_.assign(words_, 0);
  not_delimiter_.assign(words_, 0);
  std::size_t literal = 0;
  for (const char c : whole) {
    const Word bit = Word{1} << literal % kBits;
    const std::size_t word = literal / kBits;
    if (c == '*' || c == '%') {
      not_delimiter_[word] |= bit;
      if (c == '*' || delimiter_ == 0) any_[word] |= bit;
    } else {
      next_is_[row(c) * words_ + word] |= bit;
      ++literal;
    }
  }
}

bool ListPattern::matches(std::string_view mailbox) const {
  return run(mailbox, false) || (mailbox == "INBOX" && run(mailbox, true));
}

// Advances all states in which the pattern can be, for each octet of the name.
bool ListPattern::run(std::string_view mailbox, bool fold) const {
  if (mailbox.size() < final_) return false;
  std::vector<Word> many;
  Word one = 1;
  Word* state = &one;
  if (words_ > 1) {
    many.assign(words_, 0);
    many[0] = 1;
    state = many.data();
  }
  for (const char c : mailbox) {
    const Word* next = &next_is_[row(c) * words_];
    const Word* folded = fold ? &next_is_[row(text::to_lower(c)) * words_] : next;
    const std::vector<Word>& stay = c == delimiter_ ? any_ : not_delimiter_;
    Word carry = 0;
    for (std::size_t i = 0; i < words_; ++i) {
      const Word step = state[i] & (next[i] | folded[i]);
      state[i] = (step << 1) | carry | (state[i] & stay[i]);
      carry = step >> (kBits - 1);
    }
  }
  return (state[final_ / kBits] >> final_ % kBits & 1) != 0;
}

}  // namespace posthorn::wire::imap

#include "cli/mailbox_files/mbox_source.h"

#include <array>

#include "message/header/date.h"
#include "message/header/header.h"
#include "text/ascii.h"

namespace posthorn::cli {
namespace {

constexpr std::size_t kWindow = 256 << 10;
/// Octets of a line that are examined; the rest of a longer line is skipped.
constexpr std::size_t kLongestHeader = 256 << 10;

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find_first_of(" \t\r\n"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

bool is_time(std::string_view word) {
  return (word.size() == 5 || word.size() == 8) && text::is_digit(word[0]) && word[2] == ':' &&
         text::is_digit(word[1]) && text::is_digit(word[3]) && text::is_digit(word[4]);
}

bool is_year(std::string_view word) {
  return word.size() == 4 && std::ranges::all_of(word, text::is_digit);
}

bool is_month(std::string_view word) {
  constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                        "jul", "aug", "sep", "oct", "nov", "dec"};
  return std::ranges::any_of(kMonths, [&](auto month) { return text::iequals(month, word); });
}

}  // namespace

std::optional<Timestamp> parse_from_line(std::string_view line) {
  if (!line.starts_with("From ")) return std::nullopt;
  const std::vector<std::string_view> words = words_of(line.substr(5));
  // ... Mon Nov 23 03:51:33 [zone] 2026 [zone]
  for (std::size_t i = 2; i < words.size(); ++i) {
    if (!is_time(words[i]) || !is_month(words[i - 2])) continue;
    std::string_view year;
    std::string_view zone = "+0000";
    for (std::size_t k = i + 1; k < std::min(words.size(), i + 4); ++k) {
      if (is_year(words[k]) && year.empty()) {
        year = words[k];
      } else if (words[k].size() <= 5 && !words[k].starts_with("remote")) {
        zone = words[k];
      }
    }
    if (year.empty()) return std::nullopt;
    return message::parse_date(
        fmt::format("{} {} {} {} {}", words[i - 1], words[i - 2], year, words[i], zone));
  }
  return std::nullopt;
}

FlagList mbox_flags(std::string_view header) {
  FlagList flags;
  const std::string status = std::string(message::find_header(header, "Status").value_or("")) +
                             std::string(message::find_header(header, "X-Status").value_or(""));
  for (const char letter : status) {
    switch (letter) {
      case 'R': flags.system |= bit(SystemFlag::seen); break;
      case 'A': flags.system |= bit(SystemFlag::answered); break;
      case 'F': flags.system |= bit(SystemFlag::flagged); break;
      case 'D': flags.system |= bit(SystemFlag::deleted); break;
      case 'T': flags.system |= bit(SystemFlag::draft); break;
      default: break;
    }
  }
  const auto keywords = message::find_header(header, "X-Keywords");
  for (const std::string_view word : words_of(keywords.value_or("")))
    flags.keywords.emplace_back(word);
  return flags;
}

Result<std::optional<std::string_view>> MboxSource::next_line() {
  std::size_t end = window_.find('\n', at_);
  while (end == std::string::npos && window_.size() - at_ < kWindow && read_ < file_->size()) {
    window_.erase(0, at_);
    at_ = 0;
    Result<std::string> more = file_->read(read_, kWindow);
    if (!more) return pass(more);
    if (more->empty())
      return fail(ErrorKind::io, file_->path() + ": became shorter while it was read");
    read_ += more->size();
    const std::size_t searched = window_.size();
    window_ += *more;
    end = window_.find('\n', searched);
  }
  if (at_ == window_.size()) return std::nullopt;
  // A line whose end is out of reach is irrelevant, and is skipped in portions.
  const std::size_t length = (end == std::string::npos ? window_.size() : end + 1) - at_;
  const std::string_view line = std::string_view(window_).substr(at_, length);
  at_ += length;
  position_ += length;
  return line;
}

Result<std::optional<MboxSource::Range>> MboxSource::next_range() {
  bool after_empty = position_ == 0;
  std::uint64_t empty_line = 0;  // Start of the empty line before the current line.
  Range range;
  while (true) {
    const std::uint64_t here = position_;
    auto line = next_line();
    if (!line) return pass(line);
    if (!*line) break;
    if (after_empty && (*line)->starts_with("From ") && parse_from_line(**line)) {
      const bool first = !begins_;
      if (!first) {
        range = {*begins_, *begins_ + from_line_.size(), std::min(empty_line, here), from_line_};
      }
      begins_ = here;
      from_line_ = std::string(**line);
      if (!first) return range;
    }
    after_empty = **line == "\n" || **line == "\r\n";
    if (after_empty) empty_line = here;
  }
  if (!begins_) return std::nullopt;
  range = {*begins_, *begins_ + from_line_.size(), after_empty ? empty_line : position_,
           from_line_};
  begins_.reset();
  return range;
}

Result<FoundMessage> MboxSource::describe(const Range& range) const {
  const std::uint64_t length = range.end > range.begin ? range.end - range.begin : 0;
  Result<std::string> head =
      file_->read(range.begin, std::min<std::uint64_t>(length, kLongestHeader));
  if (!head) return pass(head);
  FoundMessage found;
  found.mailbox = options_.mailbox;
  found.flags = mbox_flags(*head);
  found.received = parse_from_line(range.from_line);
  if (!found.received)
    found.received = message::parse_date(message::find_header(*head, "Date").value_or(""));
  if (!found.received) found.received = Timestamp{file_->modified(), 0};
  found.key = fmt::format("{}+{}", range.separator, length);
  found.place = fmt::format("{} at octet {}", file_->path(), range.separator);
  found.raw_octets = range.end - range.separator;
  const FilterOptions filter{.mbox = true, .unquote_from = options_.unquote_from};
  found.open = [file = file_, begin = range.begin, length, filter] {
    return std::make_unique<FileOctets>(file, begin, length, filter);
  };
  return found;
}

Result<std::optional<FoundMessage>> MboxSource::next() {
  while (true) {
    auto range = next_range();
    if (!range) return pass(range);
    if (!*range) return std::nullopt;
    Result<FoundMessage> found = describe(**range);
    if (!found) return pass(found);
    if ((*range)->separator == 0) {
      const auto head = file_->read((*range)->begin, 4096);
      if (head && message::find_header(*head, "X-IMAP") && head->contains("FOLDER INTERNAL DATA"))
        continue;
    }
    return std::move(*found);
  }
}

}  // namespace posthorn::cli

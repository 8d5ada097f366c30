#include "extract/child/rtf.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "text/charset.h"

namespace posthorn::extract {
namespace {

constexpr std::size_t kMostGroups = 1000;
constexpr std::size_t kMostFonts = 10'000;

/// Groups that begin with these words are not displayed.
constexpr std::array<std::string_view, 24> kHidden = {
    "author",    "colortbl", "colorschememapping", "datastore", "filetbl",   "fldinst",
    "generator", "info",     "latentstyles",       "listtable", "mmathPr",   "nonshppict",
    "objdata",   "operator", "listoverridetable",  "pict",      "private",   "revtbl",
    "rsidtbl",   "sn",       "stylesheet",         "sv",        "themedata", "xmlnstbl"};

/// Groups marked as ignorable (\*) that do have displayed text.
constexpr std::array<std::string_view, 3> kShown = {"shpinst", "shptxt", "footnote"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 26> kCharacters = {{
    {"par", " "},         {"line", " "},        {"sect", " "},           {"page", " "},
    {"cell", " "},        {"row", " "},         {"nestcell", " "},       {"nestrow", " "},
    {"tab", " "},         {"column", " "},      {"emspace", " "},        {"enspace", " "},
    {"qmspace", " "},     {"softline", " "},    {"emdash", "\u2014"},    {"endash", "\u2013"},
    {"lquote", "\u2018"}, {"rquote", "\u2019"}, {"ldblquote", "\u201C"}, {"rdblquote", "\u201D"},
    {"bullet", "\u2022"}, {"footnote", " "},    {"annotation", " "},     {"header", " "},
    {"footer", " "},      {"intbl", ""},
}};

/// The character set of a font's \fcharset; empty: that of the document.
std::string_view charset_of(std::int64_t number) {
  switch (number) {
    case 77: return "macintosh";
    case 128: return "windows-31j";
    case 129: return "windows-949";
    case 134: return "gbk";
    case 136: return "big5";
    case 161: return "windows-1253";
    case 162: return "windows-1254";
    case 163: return "windows-1258";
    case 177: return "windows-1255";
    case 178: return "windows-1256";
    case 186: return "windows-1257";
    case 204: return "windows-1251";
    case 222: return "windows-874";
    case 238: return "windows-1250";
    default: return {};
  }
}

bool is_in(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_utf8(std::uint32_t c, std::string& out) {
  const auto add = [&](std::uint32_t octet) { out += static_cast<char>(octet); };
  if (c < 0x80) {
    add(c);
  } else if (c < 0x800) {
    add(0xC0 | c >> 6);
    add(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    add(0xE0 | c >> 12);
    add(0x80 | (c >> 6 & 0x3F));
    add(0x80 | (c & 0x3F));
  } else {
    add(0xF0 | c >> 18);
    add(0x80 | (c >> 12 & 0x3F));
    add(0x80 | (c >> 6 & 0x3F));
    add(0x80 | (c & 0x3F));
  }
}

class Parser {
 public:
  Parser(std::string_view document, TextOutput& out) : in_(document), out_(out) {}

  bool run() {
    if (!in_.starts_with("{\\rtf")) return false;
    while (at_ < in_.size() && out_.is_wanted()) {
      if (!step()) return false;
      if (groups_.empty()) break;
    }
    flush();
    return groups_.empty() || !out_.is_wanted();
  }

 private:
  struct Group {
    bool hidden = false;
    bool fonts = false;       ///< Within the table of fonts.
    bool ignorable = false;   ///< \* was read.
    bool begun = false;       ///< Something has been read of it.
    std::uint32_t skips = 1;  ///< Characters that replace \u for readers that do not know it.
    std::int64_t font = -1;
  };

  bool step() {
    const char c = in_[at_++];
    switch (c) {
      case '{':
        if (groups_.size() >= kMostGroups) return false;
        flush();
        skip_ = 0;
        groups_.push_back(groups_.empty() ? Group{} : groups_.back());
        groups_.back().ignorable = groups_.back().begun = false;
        return true;
      case '}':
        flush();
        skip_ = 0;
        groups_.pop_back();
        return true;
      case '\\': control(); return true;
      case '\r':
      case '\n': return true;
      default: octet(c); return true;
    }
  }

  void control() {
    if (at_ >= in_.size()) return;
    const char c = in_[at_];
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) return word();
    ++at_;
    switch (c) {
      case '\'': {
        const int high = at_ < in_.size() ? hex_digit(in_[at_]) : -1;
        const int low = at_ + 1 < in_.size() ? hex_digit(in_[at_ + 1]) : -1;
        if (high < 0 || low < 0) return;
        at_ += 2;
        octet(static_cast<char>(high * 16 + low));
        return;
      }
      case '*': group().ignorable = true; return;
      case '\\':
      case '{':
      case '}': octet(c); return;
      case '~':
      case '\r':
      case '\n':
      case '\t': character(" "); return;
      case '_': character("-"); return;
      default: return;  // An optional hyphen, and marks of an index.
    }
  }

  void word() {
    const std::size_t begin = at_;
    while (at_ < in_.size() && std::isalpha(static_cast<unsigned char>(in_[at_])) != 0) ++at_;
    const std::string_view name = in_.substr(begin, at_ - begin);
    const bool negative = at_ < in_.size() && in_[at_] == '-';
    if (negative) ++at_;
    bool has_number = false;
    std::int64_t number = 0;
    for (; at_ < in_.size() && in_[at_] >= '0' && in_[at_] <= '9'; ++at_) {
      constexpr std::int64_t kMost = std::int64_t{1} << 40;
      number = std::min(kMost, number * 10 + (in_[at_] - '0'));
      has_number = true;
    }
    if (negative) number = -number;
    if (at_ < in_.size() && in_[at_] == ' ') ++at_;
    obey(name, has_number, number);
  }

  void obey(std::string_view name, bool has_number, std::int64_t number) {
    Group& g = group();
    const bool first = !std::exchange(g.begun, true);
    if (name == "bin") {
      at_ += static_cast<std::size_t>(
          std::clamp<std::int64_t>(number, 0, static_cast<std::int64_t>(in_.size() - at_)));
      return;
    }
    if (first && name == "fonttbl") g.fonts = g.hidden = true;
    if (is_in(kHidden, name) && (first || g.ignorable)) g.hidden = true;
    if (first && g.ignorable && !is_in(kShown, name)) g.hidden = true;
    if (name == "uc") {
      g.skips = static_cast<std::uint32_t>(std::clamp<std::int64_t>(number, 0, 16));
    } else if (name == "u") {
      unicode(static_cast<std::uint16_t>(number));
    } else if (name == "ansicpg") {
      set_charset("windows-" + std::to_string(number));
    } else if (name == "mac") {
      set_charset("macintosh");
    } else if (name == "pc") {
      set_charset("cp437");
    } else if (name == "pca") {
      set_charset("cp850");
    } else if (name == "deff") {
      flush();
      default_font_ = number;
    } else if (name == "f" && has_number) {
      flush();
      g.font = number;
    } else if (name == "fcharset" && g.fonts) {
      if (fonts_.size() < kMostFonts) fonts_[g.font] = charset_of(number);
    } else {
      const auto* const known =
          std::ranges::find(kCharacters, name, [](const auto& c) { return c.first; });
      if (known != kCharacters.end()) character(known->second);
    }
  }

  void set_charset(std::string charset) {
    flush();
    if (text::is_known_charset(charset)) charset_ = std::move(charset);
  }

  void unicode(std::uint16_t unit) {
    skip_ = group().skips;
    if (group().hidden) return;
    flush_octets();
    if (unit >= 0xD800 && unit < 0xDC00) {
      high_ = unit;
      return;
    }
    std::uint32_t c = unit;
    if (unit >= 0xDC00 && unit < 0xE000)
      c = high_ == 0 ? 0xFFFDU : 0x10000U + ((high_ - 0xD800U) << 10) + (unit - 0xDC00U);
    high_ = 0;
    append_utf8(c, text_);
    portion();
  }

  /// A character that is not written in the document's character set.
  void character(std::string_view utf8) {
    if (skip_ > 0) {
      --skip_;
      return;
    }
    if (group().hidden) return;
    flush_octets();
    text_ += utf8;
    portion();
  }

  void octet(char c) {
    group().begun = true;
    if (skip_ > 0) {
      --skip_;
      return;
    }
    if (group().hidden) return;
    octets_ += c;
    if (octets_.size() >= kPortion) flush();
  }

  void portion() {
    if (text_.size() >= kPortion) flush();
  }

  void flush_octets() {
    if (octets_.empty()) return;
    text_ += text::to_utf8_lenient(charset(), octets_);
    octets_.clear();
  }

  void flush() {
    flush_octets();
    if (!text_.empty()) out_.put(text_);
    text_.clear();
  }

  [[nodiscard]] std::string_view charset() const {
    const std::int64_t font =
        groups_.empty() || groups_.back().font < 0 ? default_font_ : groups_.back().font;
    const auto found = fonts_.find(font);
    return found == fonts_.end() || found->second.empty() ? std::string_view(charset_)
                                                          : found->second;
  }

  Group& group() { return groups_.empty() ? none_ : groups_.back(); }

  static constexpr std::size_t kPortion = 4096;
  std::string_view in_;
  TextOutput& out_;
  std::size_t at_ = 0;
  std::vector<Group> groups_;
  Group none_;
  std::map<std::int64_t, std::string_view> fonts_;
  std::int64_t default_font_ = 0;
  std::string charset_ = "windows-1252";
  std::uint32_t skip_ = 0;
  std::uint32_t high_ = 0;  ///< The first half of a pair of \u.
  std::string octets_;      ///< In charset().
  std::string text_;
};

}  // namespace

bool extract_rtf(std::string_view document, TextOutput& out) { return Parser(document, out).run(); }

}  // namespace posthorn::extract

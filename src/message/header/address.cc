#include "message/header/address.h"

#include "message/header/lexer.h"
#include "text/ascii.h"
#include "text/rfc2047.h"

namespace posthorn::message {
namespace {

constexpr std::string_view kSpecials = "()<>[]:;@\\,\".";

// Collects the words of a phrase or a local-part. White space between words is significant in a
// phrase, but not in a local-part.
struct Words {
  std::string phrase;      // With one space where the text has white space.
  std::string local_part;  // Without white space.
  bool any = false;

  void add(std::string_view word, bool blank_before) {
    if (blank_before && any) phrase.push_back(' ');
    phrase.append(word);
    local_part.append(word);
    any = true;
  }
};

class Parser {
 public:
  Parser(std::string_view in, std::vector<Address>& out) : lex_(in), out_(out) {}

  // address-list = [address] *("," [address])
  void run() {
    while (!lex_.at_end() && out_.size() < kMaxAddresses) element();
    if (in_group_) out_.push_back({Address::Kind::group_end, {}, {}, {}, {}});
  }

 private:
  void element() {
    comment_.clear();
    Words words = read_words();
    if (lex_.take(',') || lex_.at_end()) {
      bare(std::move(words));
    } else if (lex_.take(';')) {
      bare(std::move(words));
      end_group();
    } else if (lex_.take(':')) {
      start_group(std::move(words));
    } else if (lex_.take('<')) {
      angle(std::move(words));
    } else if (lex_.take('@')) {
      addr_spec(std::move(words));
    } else {
      lex_.skip();  // A misplaced special character.
      if (words.any) bare(std::move(words));
    }
  }

  // *(atom / quoted-string / "."), with comments between (obs-phrase, obs-local-part).
  Words read_words() {
    Words words;
    for (;;) {
      const std::size_t before = lex_.position();
      lex_.skip_cfws(&comment_);
      const bool blank = lex_.position() != before;
      if (lex_.take('"')) {
        std::string quoted;
        lex_.quoted_string(quoted);
        words.add(quoted, blank);
      } else if (lex_.take('.')) {
        words.add(".", blank);
      } else {
        const std::string_view atom = lex_.run(kSpecials);
        if (atom.empty()) return words;
        words.add(atom, blank);
      }
    }
  }

  // Words without "@" or "<": a local user, or only a name.
  void bare(Words words) {
    if (!words.any) return;
    Address address;
    address.name = comment_;
    address.mailbox = std::move(words.phrase);
    out_.push_back(std::move(address));
  }

  void start_group(Words words) {
    if (in_group_) end_group();  // Groups do not nest.
    Address group{Address::Kind::group_start, {}, {}, {}, {}};
    group.mailbox = std::move(words.phrase);
    in_group_ = true;
    out_.push_back(std::move(group));
  }

  void end_group() {
    if (in_group_) out_.push_back({Address::Kind::group_end, {}, {}, {}, {}});
    in_group_ = false;
  }

  // [obs-route] addr-spec ">"
  void angle(Words name) {
    Address address;
    lex_.skip_cfws();
    if (lex_.peek() == '@') route(address);
    Words local = read_words();
    address.mailbox = std::move(local.local_part);
    if (lex_.take('@')) address.host = domain();
    // Other text before ">" is garbage, but must not become an address of its own.
    lex_.until(">,;");
    lex_.take('>');
    lex_.skip_cfws(&comment_);
    address.name = name.any ? std::move(name.phrase) : comment_;
    if (address.mailbox.empty() && address.host.empty() && address.name.empty()) return;
    out_.push_back(std::move(address));
  }

  // obs-route = 1*("@" domain [","]) ":"
  void route(Address& address) {
    while (lex_.take('@') || lex_.take(',')) {
      const std::string part = domain();
      if (part.empty()) continue;
      address.route.append(address.route.empty() ? "@" : ",@").append(part);
    }
    lex_.take(':');
  }

  void addr_spec(Words local) {
    Address address;
    address.mailbox = std::move(local.local_part);
    address.host = domain();
    lex_.skip_cfws(&comment_);
    // In "user@host <user@host>", the first is meant as a name.
    if (lex_.take('<')) {
      Words name;
      name.add(address.mailbox + "@" + address.host, false);
      return angle(std::move(name));
    }
    address.name = comment_;
    if (!address.mailbox.empty() || !address.host.empty()) out_.push_back(std::move(address));
  }

  // domain / obs-domain: atoms and dots, with white space around the dots, or a literal.
  std::string domain() {
    std::string out;
    for (;;) {
      lex_.skip_cfws(&comment_);
      if (lex_.take('[')) {
        lex_.domain_literal(out);
      } else if (lex_.take('.')) {
        out.push_back('.');
      } else {
        if (!out.empty() && out.back() != '.') return out;
        const std::string_view atom = lex_.run(kSpecials);
        if (atom.empty()) return out;
        out.append(atom);
      }
    }
  }

  Lexer lex_;
  std::vector<Address>& out_;
  std::string comment_;
  bool in_group_ = false;
};

}  // namespace

void append_address_list(std::vector<Address>& out, std::string_view raw) {
  const std::string line = text::unfold(raw);
  Parser(line, out).run();
}

std::vector<Address> parse_address_list(std::string_view raw) {
  std::vector<Address> out;
  append_address_list(out, raw);
  return out;
}

std::string addresses_text(const std::vector<Address>& list) {
  std::string out;
  bool separate = false;
  for (const Address& a : list) {
    if (a.kind == Address::Kind::group_end) {
      out.push_back(';');
      continue;
    }
    if (separate) out.append(", ");
    separate = a.kind == Address::Kind::mailbox;
    if (a.kind == Address::Kind::group_start) {
      out.append(text::decode_words(a.mailbox)).append(": ");
      continue;
    }
    if (!a.name.empty()) out.append(text::decode_words(a.name)).append(" <");
    out.append(text::decode_words(a.mailbox));
    if (!a.host.empty()) out.append("@").append(text::decode_words(a.host));
    if (!a.name.empty()) out.push_back('>');
  }
  return out;
}

}  // namespace posthorn::message

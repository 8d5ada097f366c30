#include "message/header/message_id.h"

#include "message/header/lexer.h"
#include "text/rfc2047.h"

namespace posthorn::message {
namespace {

constexpr std::size_t kMaxIdLength = 998;

// Parses the text between "<" and ">" of one id (RFC 5322 §3.6.4). Empty if it is invalid.
std::string read_id(Lexer& lex) {
  std::string id;
  std::size_t at = std::string::npos;
  for (;;) {
    lex.skip_cfws();
    if (lex.at_end() || lex.peek() == '<') return {};
    if (lex.take('>')) break;
    if (lex.take('"')) {
      lex.quoted_string(id);
    } else if (lex.take('[')) {
      lex.domain_literal(id);
    } else if (lex.take('@')) {
      if (at == std::string::npos) at = id.size();
      id.push_back('@');
    } else {
      const std::string_view run = lex.run("<>\"[@(");
      if (run.empty()) {
        id.push_back(lex.peek());
        lex.skip();
      }
      id.append(run);
    }
  }
  const bool valid = at != std::string::npos && at > 0 && at + 1 < id.size();
  return valid && id.size() <= kMaxIdLength ? id : std::string();
}

// Returns the next valid id; empty at the end.
std::string next_id(Lexer& lex) {
  for (;;) {
    lex.until("<");
    if (!lex.take('<')) return {};
    std::string id = read_id(lex);
    if (!id.empty()) return id;
  }
}

}  // namespace

std::vector<std::string> parse_message_id_list(std::string_view raw, std::size_t limit) {
  const std::string line = text::unfold(raw);
  Lexer lex(line);
  std::vector<std::string> ids;
  for (;;) {
    std::string id = next_id(lex);
    if (id.empty()) break;
    ids.push_back(std::move(id));
  }
  // The ends of a chain are the most useful: its root and the nearest ancestors.
  if (ids.size() > limit && limit > 0)
    ids.erase(ids.begin() + 1, ids.begin() + 1 + static_cast<std::ptrdiff_t>(ids.size() - limit));
  return ids;
}

std::string parse_message_id(std::string_view raw) {
  const std::string line = text::unfold(raw);
  Lexer lex(line);
  return next_id(lex);
}

std::vector<std::string> thread_references(std::string_view references,
                                           std::string_view in_reply_to) {
  std::vector<std::string> ids = parse_message_id_list(references);
  if (!ids.empty()) return ids;
  std::string parent = parse_message_id(in_reply_to);
  if (!parent.empty()) ids.push_back(std::move(parent));
  return ids;
}

}  // namespace posthorn::message

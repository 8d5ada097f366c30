#include "wire/imap/response/response_data.h"

#include "text/ascii.h"
#include "wire/imap/command/command.h"
#include "wire/imap/grammar.h"
#include "wire/imap/names.h"

namespace posthorn::wire::imap {

namespace {

std::unexpected<Error> malformed(std::string_view name) {
  return fail(ErrorKind::syntax, fmt::format("this is not a valid {} response", name));
}

std::optional<std::string_view> text_of(const Token& token) {
  if (token.kind == Token::Kind::nil || token.kind == Token::Kind::list) return std::nullopt;
  return token.text;
}

FlagList flags_of(TokenList list) {
  FlagList out;
  const ParseOptions options;
  for (const Token& token : list) {
    Input in(token.text, options);
    // An unknown system flag is useless.
    if (FlagList one; grammar::flag(in, one) && in.at_end()) {
      out.system = static_cast<SystemFlags>(out.system | one.system);
      for (std::string& keyword : one.keywords) out.keywords.push_back(std::move(keyword));
    }
  }
  return out;
}

std::optional<ModSeq> modseq_of(TokenList::Iterator value) {
  const TokenList list = value.children();
  const Token& token = list.empty() ? *value : *list.begin();
  if (token.kind != Token::Kind::number) return std::nullopt;
  return ModSeq(token.number);
}

void set_item(FetchData& out, const Token& name, TokenList::Iterator value) {
  const bool number = value->kind == Token::Kind::number;
  if (name.is("UID") && number)
    out.uid = Uid(static_cast<std::uint32_t>(value->number));
  else if (name.is("FLAGS"))
    out.flags = flags_of(value.children());
  else if (name.is("MODSEQ"))
    out.modseq = modseq_of(value);
  else if (name.is("RFC822.SIZE") && number)
    out.size = value->number;
  else if (name.is("INTERNALDATE"))
    out.internal_date = text_of(*value);
  else
    out.items.emplace_back(name.text, text_of(*value));
}

// Returns the mailbox that a token names. A name that cannot be decoded is kept unchanged.
std::string mailbox_of(const Token& token, bool utf8) {
  // A mailbox named NIL must be quoted.
  Result<std::string> name = decode_mailbox(token.text, utf8);
  return name ? std::move(*name) : std::string(token.text);
}

}  // namespace

std::optional<std::string_view> FetchData::item(std::string_view name) const {
  for (const auto& [item, value] : items)
    if (text::iequals(item, name)) return value;
  return std::nullopt;
}

Result<FetchData> parse_fetch_data(const Response& response) {
  if (!response.is("FETCH") || !response.number() || response.tokens().empty())
    return malformed("FETCH");
  FetchData out;
  out.seqnum = *response.number();
  const TokenList list = response.tokens().begin().children();
  for (auto it = list.begin(); it != list.end(); ++it) {
    const Token& name = *it;
    if (++it == list.end()) return malformed("FETCH");
    set_item(out, name, it);
  }
  return out;
}

bool ListData::has(std::string_view attribute) const {
  for (const std::string_view have : attributes)
    if (text::iequals(have, attribute)) return true;
  return false;
}

Result<ListData> parse_list_data(const Response& response, bool utf8) {
  if (!response.is("LIST") && !response.is("LSUB")) return malformed("LIST");
  const TokenList tokens = response.tokens();
  auto it = tokens.begin();
  if (it == tokens.end() || it->kind != Token::Kind::list) return malformed("LIST");
  ListData out;
  for (const Token& attribute : it.children()) out.attributes.push_back(attribute.text);
  if (++it == tokens.end()) return malformed("LIST");
  const std::string_view delimiter = text_of(*it).value_or("");
  if (!delimiter.empty()) out.delimiter = delimiter.front();
  if (++it == tokens.end()) return malformed("LIST");
  out.mailbox = mailbox_of(*it, utf8);
  return out;
}

std::optional<std::uint64_t> StatusData::value(std::string_view item) const {
  for (const auto& [name, number] : values)
    if (text::iequals(name, item)) return number;
  return std::nullopt;
}

Result<StatusData> parse_status_data(const Response& response, bool utf8) {
  if (!response.is("STATUS") || response.tokens().empty()) return malformed("STATUS");
  auto it = response.tokens().begin();
  StatusData out;
  out.mailbox = mailbox_of(*it, utf8);
  if (++it == response.tokens().end()) return malformed("STATUS");
  const TokenList list = it.children();
  for (auto item = list.begin(); item != list.end(); ++item) {
    const std::string_view name = item->text;
    if (++item == list.end()) return malformed("STATUS");
    if (item->kind == Token::Kind::number) out.values.emplace_back(name, item->number);
  }
  return out;
}

Result<SearchData> parse_search_data(const Response& response) {
  if (!response.is("SEARCH") && !response.is("SORT")) return malformed("SEARCH");
  SearchData out;
  const TokenList tokens = response.tokens();
  for (auto it = tokens.begin(); it != tokens.end(); ++it) {
    if (it->kind == Token::Kind::number) {
      out.numbers.push_back(static_cast<std::uint32_t>(it->number));
      continue;
    }
    const TokenList list = it.children();
    if (list.empty() || !list.begin()->is("MODSEQ")) return malformed("SEARCH");
    auto value = list.begin();
    if (++value != list.end()) out.modseq = modseq_of(value);
  }
  return out;
}

Result<EsearchData> parse_esearch_data(const Response& response) {
  if (!response.is("ESEARCH")) return malformed("ESEARCH");
  EsearchData out;
  const TokenList tokens = response.tokens();
  for (auto it = tokens.begin(); it != tokens.end(); ++it) {
    if (it->kind == Token::Kind::list) {
      auto tag = it.children().begin();
      if (it.children().empty() || ++tag == it.children().end()) return malformed("ESEARCH");
      out.tag = tag->text;
      continue;
    }
    if (it->is("UID")) {
      out.uid = true;
      continue;
    }
    const Token& name = *it;
    if (++it == tokens.end()) return malformed("ESEARCH");
    const auto number = static_cast<std::uint32_t>(it->number);
    if (name.is("MIN"))
      out.min = number;
    else if (name.is("MAX"))
      out.max = number;
    else if (name.is("COUNT"))
      out.count = number;
    else if (name.is("MODSEQ"))
      out.modseq = modseq_of(it);
    else if (name.is("ALL")) {
      Result<NumberSet> all = parse_number_set(it->text);
      if (!all) return pass(all);
      out.all = std::move(*all);
    }
  }
  return out;
}

Result<VanishedData> parse_vanished_data(const Response& response) {
  if (!response.is("VANISHED") || response.tokens().empty()) return malformed("VANISHED");
  VanishedData out;
  auto it = response.tokens().begin();
  out.earlier = it->kind == Token::Kind::list;
  if (out.earlier) ++it;
  if (it == response.tokens().end()) return malformed("VANISHED");
  Result<NumberSet> uids = parse_number_set(it->text);
  if (!uids) return pass(uids);
  out.uids = std::move(*uids);
  return out;
}

Result<NumberSet> parse_number_set(std::string_view text) {
  const ParseOptions options;
  Input in(text, options);
  NumberSet out;
  if (!grammar::known_uids(in, out) || !in.end()) return std::unexpected(in.take_error());
  return out;
}

std::optional<std::uint64_t> code_number(const Response& response, std::string_view code) {
  if (!text::iequals(response.code(), code)) return std::nullopt;
  auto it = response.tokens().begin();
  if (++it == response.tokens().end() || it->kind != Token::Kind::number) return std::nullopt;
  return it->number;
}

std::optional<UidCode> code_uids(const Response& response) {
  const bool copy = text::iequals(response.code(), "COPYUID");
  if (!copy && !text::iequals(response.code(), "APPENDUID")) return std::nullopt;
  UidCode out;
  auto it = response.tokens().begin();
  const auto end = response.tokens().end();
  if (++it == end || it->kind != Token::Kind::number) return std::nullopt;
  out.uid_validity = UidValidity(static_cast<std::uint32_t>(it->number));
  const auto set = [&](NumberSet& numbers) {
    if (++it == end) return false;
    Result<NumberSet> parsed = parse_number_set(it->text);
    if (parsed) numbers = std::move(*parsed);
    return parsed.has_value();
  };
  if (copy && !set(out.from)) return std::nullopt;
  if (!set(out.to)) return std::nullopt;
  return out;
}

}  // namespace posthorn::wire::imap

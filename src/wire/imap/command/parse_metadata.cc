#include <algorithm>
#include <utility>

#include "wire/imap/chars.h"
#include "wire/imap/command/rules.h"

namespace posthorn::wire::imap::grammar {

namespace {

/// What an entry is named for: to be read, also everything below it, or to be set.
enum class EntryUse : std::uint8_t { read, set };

// RFC 5464 §3.2: at least two components, and four below ".../vendor".
bool is_complete(std::string_view name) {
  const auto components = std::ranges::count(name, '/');
  const std::string_view rest = name.substr(name.find('/', 1) + 1);
  const bool vendor = components > 1 && (rest == "vendor" || rest.starts_with("vendor/"));
  return components >= (vendor ? 4 : 2);
}

bool is_entry_name(std::string_view name) {
  if (name.size() > 500 || name.ends_with('/') || name.find("//") != std::string_view::npos)
    return false;
  if (!std::ranges::all_of(name, [](char c) { return !is_ctl(c) && !is_8bit(c); })) return false;
  if (name.find_first_of("*%") != std::string_view::npos) return false;
  for (const std::string_view scope : {"/private", "/shared"})
    if (name == scope || (name.starts_with(scope) && name[scope.size()] == '/')) return true;
  return false;
}

// entry = astring; names are case-insensitive.
bool entry(Input& in, EntryUse use, std::string& out) {
  if (!astring(in, out)) return false;
  out = text::lower(out);
  if (is_entry_name(out) && (use == EntryUse::read || is_complete(out))) return true;
  return in.refuse(ErrorKind::bad_argument, "this is not the name of an entry");
}

// Each is answered once, however often it is named: a short command must not ask for the same long
// value a thousand times.
bool entry_to_read(Input& in, std::vector<std::string>& out) {
  std::string name;
  if (!entry(in, EntryUse::read, name)) return false;
  if (std::ranges::find(out, name) == out.end()) out.push_back(std::move(name));
  return true;
}

// mailbox, or an empty string for the server.
bool mailbox_or_server(Input& in, std::string& out) {
  const std::size_t mark = in.mark();
  if (astring(in, out) && out.empty()) return true;
  in.back_to(mark);
  return mailbox(in, out);
}

// "~{n}" and the octets, which are inline.
bool literal8(Input& in, std::string& out) {
  std::uint64_t size = 0;
  if (!in.take("~{") || !number64(in, size)) return in.expected("a literal");
  in.take('+');
  if (!in.take('}')) return in.expected("\"}\"");
  in.take('\r');
  if (!in.take('\n')) return in.expected("a line end after the literal's size");
  if (size > in.rest().size()) return in.expected("the octets of a literal");
  out = in.take_count(static_cast<std::size_t>(size));
  return true;
}

// value = nstring / literal8
bool value(Input& in, std::optional<std::string>& out) {
  if (in.peek() == '~') return literal8(in, out.emplace());
  return nstring(in, out);
}

bool option(Input& in, GetMetadataCommand& out) {
  if (in.take("MAXSIZE ")) {
    in.skip_spaces();
    return number(in, out.max_size.emplace());
  }
  if (!in.take("DEPTH ")) return in.expected("MAXSIZE or DEPTH");
  in.skip_spaces();
  if (in.take("infinity")) {
    out.depth = MetadataDepth::all;
  } else if (in.take('1')) {
    out.depth = MetadataDepth::children;
  } else if (in.take('0')) {
    out.depth = MetadataDepth::none;
  } else {
    return in.expected("0, 1 or infinity");
  }
  return true;
}

// The names of options begin with a letter, those of entries with a slash or a quote.
bool begins_options(std::string_view rest) {
  if (!rest.starts_with('(')) return false;
  const std::size_t at = rest.find_first_not_of(' ', 1);
  return at != std::string_view::npos && text::is_alpha(rest[at]);
}

bool options(Input& in, GetMetadataCommand& out) {
  return nonempty_list_of(in, [&] { return option(in, out); }) && in.sp();
}

}  // namespace

bool metadata_entries(Input& in, std::vector<std::string>& out) {
  return nonempty_list_of(in, [&] { return entry_to_read(in, out); });
}

// The grammar of RFC 5464 §5 has the options before the mailbox. The examples have them behind it
// (RFC 5464 §4.2.1, §4.2.2), or several entries without parentheses (RFC 5464 §4.4.1). Clients send
// all of that.
bool arguments(Input& in, GetMetadataCommand& out) {
  if (!in.sp() || (begins_options(in.rest()) && !options(in, out))) return false;
  if (!mailbox_or_server(in, out.mailbox) || !in.sp()) return false;
  if (begins_options(in.rest()) && !options(in, out)) return false;
  if (in.peek() == '(') return metadata_entries(in, out.entries);
  do {
    if (!in.within_list(out.entries.size()) || !entry_to_read(in, out.entries)) return false;
  } while (in.another());
  return true;
}

bool arguments(Input& in, SetMetadataCommand& out) {
  if (!in.sp() || !mailbox_or_server(in, out.mailbox) || !in.sp()) return false;
  return nonempty_list_of(in, [&] {
    SetMetadataCommand::Entry& set = out.entries.emplace_back();
    return entry(in, EntryUse::set, set.name) && in.sp() && value(in, set.value);
  });
}

}  // namespace posthorn::wire::imap::grammar

#include <algorithm>
#include <string_view>
#include <vector>

#include "server/imap/commands.h"
#include "server/imap/session.h"
#include "wire/imap/response/format_context.h"

namespace posthorn::server::imap {
namespace {

using text::Collation;

/// Those that the client has named, in its order of preference and without repetition.
std::vector<Collation> matching(const std::vector<std::string>& wanted) {
  std::vector<Collation> found;
  for (const std::string& name : wanted)
    for (const Collation collation : text::kCollations)
      if (text::collation_matches(name, collation) &&
          std::ranges::find(found, collation) == found.end())
        found.push_back(collation);
  return found;
}

}  // namespace

// RFC 5255 §4.7. Saved results and contexts that are told of changes stay as they are.
CommandTask cmd_comparator(Session& session, wire::imap::ComparatorCommand& command) {
  if (!std::ranges::all_of(command.wanted, text::is_collation_order))
    co_return Reply::bad("This cannot be the name of a comparator");
  const std::vector<Collation> found = matching(command.wanted);
  if (found.empty() && !command.wanted.empty())
    co_return Reply::no("There is no such comparator", wire::imap::CodeName::bad_comparator);
  if (!found.empty()) session.collation = found.front();
  std::vector<std::string_view> names;
  for (const Collation collation : found) names.push_back(text::name_of(collation));
  auto w = session.writer();
  wire::imap::format_comparator(w, text::name_of(session.collation), names);
  co_return Reply::ok();
}

}  // namespace posthorn::server::imap

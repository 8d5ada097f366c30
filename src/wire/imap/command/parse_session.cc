#include "wire/imap/chars.h"
#include "wire/imap/command/rules.h"

namespace posthorn::wire::imap::grammar {

// RFC 4959 §3: "=" is an empty initial response.
bool arguments(Input& in, AuthenticateCommand& out) {
  if (!in.sp() || !word(in, out.mechanism)) return false;
  if (!in.another()) return true;
  const std::string_view response = in.take_run(kBase64Chars);
  if (response.empty()) return in.expected("base64 or \"=\"");
  out.initial_response.emplace(response == "=" ? std::string_view{} : response);
  return true;
}

bool arguments(Input& in, LoginCommand& out) {
  return in.sp() && astring(in, out.user) && in.sp() && astring(in, out.password);
}

bool arguments(Input& in, EnableCommand& out) {
  if (!in.sp()) return false;
  do {
    if (!in.within_list(out.capabilities.size()) || !word(in, out.capabilities.emplace_back()))
      return false;
  } while (in.another());
  return true;
}

// RFC 2971 §4. workaround: some clients send "ID ()".
bool arguments(Input& in, IdCommand& out) {
  if (!in.sp()) return false;
  if (in.take("NIL")) return true;
  return list_of(in, [&] {
    auto& [name, value] = out.parameters.emplace_back();
    return string(in, name) && in.sp() && nstring(in, value);
  });
}

bool arguments(Input& in, CompressCommand& out) { return in.sp() && word(in, out.algorithm); }

bool arguments(Input& in, GetQuotaCommand& out) { return in.sp() && astring(in, out.root); }

bool arguments(Input& in, GetQuotaRootCommand& out) { return in.sp() && mailbox(in, out.mailbox); }

bool arguments(Input& in, SetQuotaCommand& out) {
  return in.sp() && astring(in, out.root) && in.sp() && list_of(in, [&] {
           SetQuotaCommand::Limit& limit = out.limits.emplace_back();
           return word(in, limit.resource) && in.sp() && number64(in, limit.limit);
         });
}

}  // namespace posthorn::wire::imap::grammar

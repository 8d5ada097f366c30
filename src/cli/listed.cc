#include "cli/listed.h"

#include <cstdio>
#include <utility>

#include "cli/program.h"

namespace posthorn::cli {

using admin::Json;

async::Task<Status> for_each_listed(admin::Admin& admin, Json request, std::string members,
                                    std::function<void(const Json&)> take) {
  while (true) {
    auto answer = co_await admin.call(request);
    if (!answer) co_return pass(answer);
    const auto* const list = answer->said.if_contains(members);
    if (list == nullptr || !list->is_array())
      co_return fail(ErrorKind::server_bug, "the server's answer contains no list");
    for (const auto& entry : list->get_array())
      if (entry.is_object()) take(entry.get_object());
    if (!answer->said.contains("next")) co_return Status();
    request["after"] = admin::text_of(answer->said, "next");
  }
}

namespace {

async::Task<Result<int>> print_all(admin::Admin& admin, Json request, std::string members,
                                   std::function<void(const Json&)> print) {
  Status done =
      co_await for_each_listed(admin, std::move(request), std::move(members), std::move(print));
  if (!done) co_return pass(done);
  co_return 0;
}

}  // namespace

int print_listed(const Program& program, const Json& request, const std::string& members,
                 bool as_json, const std::function<void(const Json&)>& print) {
  const std::function<void(const Json&)> print_json = [](const Json& entry) {
    fmt::print("{}\n", boost::json::serialize(entry));
  };
  return with_access(program, [&](Access& access) {
    return print_all(access.admin(), request, members, as_json ? print_json : print);
  });
}

}  // namespace posthorn::cli

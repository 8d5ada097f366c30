#include <algorithm>

#include "admin/local_admin.h"
#include "service/account_name.h"
#include "service/sending/edit_outbox.h"

// Requests about what an account may send, and which copies are kept.
namespace posthorn::admin {

using service::normal_name;
namespace {

using store::KeepSent;

std::string_view name_of(KeepSent keep) {
  switch (keep) {
    case KeepSent::as_server: return "default";
    case KeepSent::always: return "on";
    case KeepSent::never: return "off";
  }
  return "default";
}

Result<KeepSent> parse_keep(std::string_view text) {
  for (const KeepSent keep : {KeepSent::as_server, KeepSent::always, KeepSent::never})
    if (text == name_of(keep)) return keep;
  return fail(ErrorKind::bad_argument, "expected on, off or default");
}

/// "user@example.org", or "@example.org" for a domain.
Status check_granted(std::string_view address) {
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos || at + 1 == address.size() || address.contains(' '))
    return fail(ErrorKind::bad_argument,
                fmt::format("'{}' is neither an address nor an @domain", address));
  return {};
}

Status grant(store::SendingSettings& settings, const std::string& address) {
  constexpr std::size_t kMaxGranted = 1000;
  auto& granted = settings.may_send_as;
  const auto at = std::ranges::lower_bound(granted, address);
  if (at != granted.end() && *at == address) return {};
  if (granted.size() >= kMaxGranted)
    return fail(ErrorKind::limit, "the account may send as 1000 addresses at most");
  granted.insert(at, address);
  return {};
}

Status withdraw(store::SendingSettings& settings, const std::string& address) {
  if (std::erase(settings.may_send_as, address) == 0)
    return fail(ErrorKind::not_found,
                fmt::format("the account is not allowed to send as '{}'", address));
  return {};
}

}  // namespace

async::Task<Result<Answer>> LocalAdmin::edit_sending(
    std::string name, std::function<Status(store::SendingSettings&)> edit) {
  auto account = co_await open(name);
  if (!account) co_return pass(account);
  auto now = co_await service::edit_sending(administrator(*account), std::move(edit));
  if (!now) co_return pass(now);
  boost::json::array granted(now->may_send_as.begin(), now->may_send_as.end());
  co_return Answer{{{"sent_copy", name_of(now->keep_sent)}, {"may_send_as", std::move(granted)}}};
}

async::Task<Result<Answer>> LocalAdmin::send_as(Json request) {
  const std::string added = normal_name(text_of(request, "add"));
  const std::string removed = normal_name(text_of(request, "remove"));
  for (const std::string& address : {added, removed})
    if (!address.empty())
      if (Status ok = check_granted(address); !ok) co_return pass(ok);
  co_return co_await edit_sending(std::string(text_of(request, "name")),
                                  [&](store::SendingSettings& settings) -> Status {
                                    if (!added.empty())
                                      if (Status ok = grant(settings, added); !ok) return ok;
                                    return removed.empty() ? Status{} : withdraw(settings, removed);
                                  });
}

async::Task<Result<Answer>> LocalAdmin::keep_sent(Json request) {
  auto keep = parse_keep(text_of(request, "keep"));
  if (!keep) co_return pass(keep);
  co_return co_await edit_sending(std::string(text_of(request, "name")),
                                  [&](store::SendingSettings& settings) -> Status {
                                    settings.keep_sent = *keep;
                                    return {};
                                  });
}

}  // namespace posthorn::admin

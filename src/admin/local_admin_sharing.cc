#include "admin/local_admin.h"
#include "service/mailbox_ref.h"
#include "service/sharing/acl.h"

namespace posthorn::admin {
namespace {

namespace json = boost::json;
using service::Caller;

async::Task<Result<Answer>> shares_of(service::MailboxRef mailbox) {
  const auto entries = co_await service::read_acl(std::move(mailbox));
  if (!entries) co_return std::unexpected(entries.error());
  json::array said;
  for (const service::AclEntry& entry : *entries)
    said.push_back(
        Json{{"identifier", entry.identifier}, {"rights", service::letters_of(entry.rights)}});
  co_return Answer{{{"entries", std::move(said)}}};
}

/// A fault of the one who asks; `syntax` is for protocols.
Error as_argument(Error error) {
  if (error.kind == ErrorKind::syntax) error.kind = ErrorKind::bad_argument;
  return error;
}

}  // namespace

async::Task<Result<Answer>> LocalAdmin::list_shares(Json request) {
  auto account = co_await open(text_of(request, "name"));
  if (!account) co_return pass(account);
  auto mailbox = service::resolve(administrator(*account), text_of(request, "mailbox"));
  if (!mailbox) co_return pass(mailbox);
  co_return co_await shares_of(std::move(*mailbox));
}

async::Task<Result<Answer>> LocalAdmin::share_mailbox(Json request) {
  auto account = co_await open(text_of(request, "name"));
  if (!account) co_return pass(account);
  const Caller caller = administrator(*account);
  const auto mailbox = service::resolve(caller, text_of(request, "mailbox"));
  if (!mailbox) co_return std::unexpected(mailbox.error());
  service::AclEdit edit;
  edit.identifier = text_of(request, "identifier");
  const auto rights = service::rights_from(text_of(request, "rights"));
  if (!rights) co_return std::unexpected(as_argument(rights.error()));
  edit.rights = *rights;
  // Whoever types a name at the command line may know whether there is such an account.
  const auto id = service::parse_identifier(edit.identifier);
  if (!id) co_return std::unexpected(as_argument(id.error()));
  if (id->to == store::Grant::To::account) {
    auto known = co_await store_.find_address(id->name);
    if (!known) co_return pass(known);
    if (!*known)
      co_return fail(ErrorKind::not_found, fmt::format("there is no account '{}'", id->name));
  }
  auto done = co_await service::edit_acl(caller, *mailbox, std::move(edit));
  if (!done) co_return std::unexpected(as_argument(done.error()));
  co_return co_await shares_of(*mailbox);
}

async::Task<Result<Answer>> LocalAdmin::unshare_mailbox(Json request) {
  auto account = co_await open(text_of(request, "name"));
  if (!account) co_return pass(account);
  const Caller caller = administrator(*account);
  const auto mailbox = service::resolve(caller, text_of(request, "mailbox"));
  if (!mailbox) co_return std::unexpected(mailbox.error());
  auto done = co_await service::remove_from_acl(caller, *mailbox,
                                                std::string(text_of(request, "identifier")));
  if (!done) co_return std::unexpected(as_argument(done.error()));
  co_return co_await shares_of(*mailbox);
}

}  // namespace posthorn::admin

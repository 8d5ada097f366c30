#include <algorithm>
#include <utility>
#include <vector>

#include "async/loop.h"
#include "server/imap/client_watch.h"
#include "server/imap/commands.h"
#include "server/imap/notify/notifications.h"
#include "server/imap/search_answer.h"
#include "service/mailbox_group.h"
#include "service/sharing/shared_view.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using async::Task;
using service::GroupMember;

/// More mailboxes are not searched by one command (RFC 7377 §2.4).
constexpr std::size_t kMostMailboxes = 20'000;

bool is_selected(const Session& session, const service::MailboxRef& mailbox) {
  return session.selected && session.selected->mailbox.is(mailbox);
}

/// One ESEARCH command. Each mailbox is searched in one version of it, and those that disappear
/// meanwhile are left out, as are those that the client may not read: nothing in the responses
/// tells whether they exist.
class Esearch {
 public:
  Esearch(Session& session, wi::EsearchCommand& command, Progress& progress)
      : session_(session), command_(command), progress_(progress) {}

  Task<Status> search_all(const std::vector<GroupMember>& members);
  /// Returns whether the selected mailbox was searched, as one with updates.
  [[nodiscard]] bool has_context() const { return has_context_; }

 private:
  Task<Status> search_one(const GroupMember& member);
  Task<Status> search_in(SearchSource source, store::MailboxPtr now);

  Session& session_;
  wi::EsearchCommand& command_;
  Progress& progress_;
  bool has_context_ = false;
};

Task<Status> Esearch::search_in(SearchSource source, store::MailboxPtr now) {
  SearchAnswer answer(session_, source, now, wi::Numbering::uid);
  const service::SearchScope scope = answer.scope(progress_);
  // RFC 7377 §2.2: updates are for the selected mailbox only.
  std::optional<SearchContext> context;
  if (is_selected(session_, source.mailbox))
    context =
        begin_context(session_, command_.returns, wi::Numbering::uid, command_.key, {}, scope);
  auto found = co_await service::search(scope, command_.key);
  if (!found) co_return pass(found);
  answer.warn(found->unreadable, "omitted from the result");
  // RFC 7377 §2.1: there is no response for a mailbox without matches.
  if (!found->positions.empty()) {
    answer.say_extended(command_.returns, found->positions, SearchAnswer::Order::by_number,
                        command_.uses_modseq);
  } else if (command_.returns.save) {
    session_.selected->saved_result = {};
  }
  if (context) {
    has_context_ = true;
    context->mailbox = source.name;
    keep_context(session_, std::move(*context), scope, found->positions);
  }
  co_return Status();
}

Task<Status> Esearch::search_one(const GroupMember& member) {
  auto now = co_await service::newest(member.mailbox);
  if (!now && now.error().kind == ErrorKind::not_found) co_return Status();
  if (!now) co_return pass(now);
  if (is_selected(session_, member.mailbox)) {
    SearchSource source = SearchSource::selected(session_);
    source.name = member.name;
    co_return co_await search_in(source, std::move(*now));
  }
  const service::Membership all((*now)->contents->shared_members());
  const NumberSet none;
  co_return co_await search_in({member.mailbox, all, none, none, member.name}, std::move(*now));
}

Task<Status> Esearch::search_all(const std::vector<GroupMember>& members) {
  for (const GroupMember& member : members) {
    if (session_.given_up) co_return fail(ErrorKind::unavailable, "The search was cancelled");
    if (!service::require(member.mailbox, service::Right::read)) continue;
    if (Status done = co_await search_one(member); !done) co_return done;
    if (session_.connection.is_full())
      if (auto flushed = co_await session_.connection.flush(); !flushed) co_return flushed;
    // Other sessions come in between, however small the mailboxes are.
    co_await async::Loop::current()->yield();
  }
  co_return Status();
}

/// The selected mailbox under the name by which the client knows it now.
Task<Result<GroupMember>> selected_member(const Session& session, const store::Mailbox& now) {
  const service::MailboxRef mailbox = session.selected->mailbox;
  if (!mailbox.is_foreign()) co_return GroupMember{now.name, mailbox};
  auto sharing = co_await service::open_sharing(session.context.store, mailbox.account->id());
  if (!sharing) co_return pass(sharing);
  co_return GroupMember{sharing->name_of(now), mailbox};
}

Task<Result<std::vector<GroupMember>>> members_of(const Session& session,
                                                  const wi::EsearchCommand& command) {
  std::vector<service::MailboxGroup> groups;
  bool selected = command.sources.empty();
  for (const wi::MailboxFilter& source : command.sources) {
    if (source.is_of_selected())
      selected = true;
    else
      groups.push_back(group_of(source));
  }
  std::vector<GroupMember> members;
  if (!groups.empty()) {
    auto found = co_await service::all_mailboxes_of(session.caller(), std::move(groups));
    if (!found) co_return found;
    members = std::move(*found);
  }
  const bool is_there = std::ranges::any_of(
      members, [&](const GroupMember& member) { return is_selected(session, member.mailbox); });
  if (!selected || is_there) co_return members;
  if (const store::MailboxPtr now = session.selected->mailbox.published()) {
    auto member = co_await selected_member(session, *now);
    if (!member) co_return pass(member);
    members.insert(members.begin(), std::move(*member));
  }
  co_return members;
}

}  // namespace

// RFC 7377.
CommandTask cmd_esearch(Session& session, wi::EsearchCommand& command) {
  const bool of_selected = command.sources.empty() ||
                           std::ranges::any_of(command.sources, &wi::MailboxFilter::is_of_selected);
  if (of_selected && !session.selected)
    co_return Reply::bad("ESEARCH of the selected mailbox requires a selected mailbox");
  if (command.returns.update && !session.selected)
    co_return Reply::bad("UPDATE requires a selected mailbox");
  if (reuses_tag(session, command.returns)) co_return Reply::bad("The tag is in use");
  if (command.uses_modseq) session.enable_condstore();
  const auto found = co_await members_of(session, command);
  if (!found) {
    if (command.returns.save) session.selected->saved_result = {};  // RFC 5182 §2.1
    co_return session.refuse(found.error());
  }
  const std::vector<GroupMember>& members = *found;
  if (members.size() > kMostMailboxes)
    co_return Reply::no("These are too many mailboxes to search at once", wi::CodeName::limit);
  std::uint32_t messages = 0;
  for (const GroupMember& member : members)
    if (const store::MailboxPtr now = member.mailbox.published()) messages += now->head.messages;
  const ClientWatch watch(session);
  Progress progress(session, messages);
  Esearch search(session, command, progress);
  const Status done = co_await search.search_all(members);
  co_await progress.finish();
  if (done && command.returns.update && !search.has_context())
    say_no_update(session, session.tag, "The selected mailbox is not among those searched");
  if (done) co_return Reply::ok();
  if (command.returns.save) session.selected->saved_result = {};  // RFC 5182 §2.1
  if (done.error().kind == ErrorKind::closed) co_return session.lost();
  co_return session.refuse(done.error());
}

}  // namespace posthorn::server::imap

#include <utility>
#include <vector>

#include "server/imap/commands.h"
#include "server/imap/metadata_answer.h"
#include "server/imap/special_uses.h"
#include "service/mailboxes.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using service::MetadataBelow;

constexpr std::string_view kPrivateFilters = "/private/filters/values/";

/// An empty name stands for the server (RFC 5464 §4.1).
async::Task<Result<service::MailboxRef>> find(const Session& session, std::string name) {
  if (name.empty()) co_return service::server_metadata(session.caller());
  auto mailbox = co_await session.find(std::move(name), wi::GetMetadataCommand::kSpec);
  if (!mailbox) co_return mailbox;
  if (Status allowed = service::may_read_metadata(*mailbox); !allowed) co_return pass(allowed);
  co_return mailbox;
}

/// RFC 5464 §4.3.
Reply refuse_to_set(Session& session, const Error& error) {
  if (error.kind == ErrorKind::too_big)
    return Reply::no(error.text, wi::code::MaxSize{store::kMaxAnnotationOctets});
  if (error.kind == ErrorKind::limit) return Reply::no(error.text, wi::CodeName::metadata_too_many);
  return session.refuse(error);
}

/// Annotations of others' mailboxes are told apart from those of the own account.
void note_own(Session& session, const service::MailboxRef& mailbox, std::vector<std::string> names,
              const store::Annotations& now) {
  OwnEntries* own = session.notifications ? &session.notifications->own_entries : nullptr;
  if (own == nullptr && session.annotations_of_others)
    own = &session.annotations_of_others->own_entries;
  if (own == nullptr) return;
  for (std::string& name : names) {
    store::AnnotationValue value = now.find(service::annotation_key(mailbox, name));
    own->note({{mailbox.account->id(), mailbox.id}, std::move(name), std::move(value)});
  }
}

}  // namespace

// RFC 5464 §4.2. An entry without a value is NIL, unless it was not asked for by its name alone.
CommandTask cmd_getmetadata(Session& session, wi::GetMetadataCommand& command) {
  const auto mailbox = co_await find(session, command.mailbox);
  if (!mailbox) co_return session.refuse(mailbox.error());
  MetadataAnswer answer(session, *mailbox);
  for (const std::string& entry : command.entries) {
    switch (command.depth) {
      case wi::MetadataDepth::none: answer.add(entry); break;
      case wi::MetadataDepth::children: answer.add_below(entry, MetadataBelow::children); break;
      case wi::MetadataDepth::all: answer.add_below(entry, MetadataBelow::all); break;
    }
  }
  const std::size_t longest = command.max_size ? answer.leave_out_longer(*command.max_size) : 0;
  answer.say(session, command.mailbox);
  if (longest == 0) co_return Reply::ok();
  co_return Reply::ok("Longer values were left out", wi::code::LongEntries{longest});
}

// RFC 5464 §4.3, RFC 6154 §4.
CommandTask cmd_setmetadata(Session& session, wi::SetMetadataCommand& command) {
  auto mailbox = co_await find(session, command.mailbox);
  if (!mailbox) co_return session.refuse(mailbox.error());
  const bool is_server = command.mailbox.empty();
  service::MetadataToSet what;
  std::vector<std::string> names;
  for (wi::SetMetadataCommand::Entry& entry : command.entries) {
    if (is_server && entry.name.starts_with("/shared")) {
      co_return Reply::no("Only the administrator can set the shared entries of the server",
                          wi::CodeName::no_perm);
    }
    if (!is_server && entry.name == kSpecialUseEntry) {
      if (mailbox->is_foreign())
        co_return Reply::no("Only mailboxes of one's own have special uses", wi::CodeName::no_perm);
      what.uses = uses_of_attributes(entry.value.value_or(""));
      if (!what.uses || !service::can_create_for(*what.uses))
        co_return Reply::no("A mailbox cannot have this special use", wi::CodeName::use_attr);
      continue;
    }
    if (is_server && entry.value && entry.name.starts_with(kPrivateFilters) &&
        session.is_offered("FILTERS")) {
      if (Status valid = wi::check_filter(*entry.value, session.parse_options()); !valid)
        co_return Reply::no("The filter is not a search: " + valid.error().text,
                            wi::CodeName::cannot);
    }
    names.push_back(entry.name);
    what.entries.push_back({std::move(entry.name), std::move(entry.value)});
  }
  auto done = co_await service::set_metadata(*mailbox, std::move(what));
  if (!done) co_return refuse_to_set(session, done.error());
  if (mailbox->account->id() == session.account->id()) {
    told_metadata_change(session, mailbox->id, names, std::move(*done));
  } else {
    note_own(session, *mailbox, std::move(names), **done);
  }
  co_return Reply::ok();
}

}  // namespace posthorn::server::imap

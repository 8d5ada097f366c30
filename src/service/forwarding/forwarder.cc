#include "service/forwarding/forwarder.h"

#include <algorithm>

#include "base/log.h"
#include "service/account_name.h"
#include "service/forwarding/hops.h"
#include "text/ascii.h"

namespace posthorn::service {
namespace {

/// The name under which the recipients of a target are counted. Return paths have no alias; each of
/// them leads to one address only.
const std::string& counted_as(const OutsideTarget& target) {
  return target.alias.empty() ? target.address : target.alias;
}

store::OutboxEntry make_entry(const Forwarding& what, std::string return_path,
                              const ForwardingRules& rules, std::int64_t now) {
  store::OutboxEntry entry = what.envelope;
  entry.return_path = std::move(return_path);
  entry.trace.insert(0, forwarded_fields(what.targets));
  entry.submitted = now;
  entry.expires = now + rules.give_up_after.count();
  entry.smtputf8 |= !text::is_ascii(entry.return_path);
  // RFC 3461 §5.2.1: the recipient that the sender named, not where the alias leads.
  std::string orcpt = what.orcpt;
  if (orcpt.empty() && text::is_ascii(what.to.written)) orcpt = "rfc822;" + what.to.written;
  for (const OutsideTarget& target : what.targets) {
    store::OutboxRecipient recipient;
    recipient.address = target.address;
    recipient.orcpt = orcpt;
    recipient.notify = what.notify;
    recipient.next_attempt = now;
    entry.smtputf8 |= !text::is_ascii(target.address);
    entry.recipients.push_back(std::move(recipient));
  }
  return entry;
}

}  // namespace

Forwarder::Forwarder(store::Store& store, KeySource keys, IsOurDomain is_ours,
                     ForwardingRules rules)
    : store_(store), keys_(std::move(keys)), is_ours_(std::move(is_ours)) {
  set_rules(std::move(rules));
}

void Forwarder::set_rules(ForwardingRules rules) {
  rules_.store(std::make_shared<const ForwardingRules>(std::move(rules)));
}

async::Task<Result<Destinations>> Forwarder::find(const FindAddress& find,
                                                  std::string_view separator,
                                                  EnvelopeAddress address,
                                                  std::uint64_t announced) const {
  // Before the directory is asked, since an alias for the rest of a domain would have it.
  if (!is_srs(address.local_part))
    co_return co_await find_destinations(store_, find, separator, std::move(address), announced);
  auto back = srs_reverse(address, *keys_(), store_.clock().now().seconds);
  if (!back) co_return pass(back);
  Destinations found;
  found.outside.push_back({std::move(back->written), {}});
  co_return found;
}

bool Forwarder::leads_back(const EnvelopeAddress& address) const {
  return is_srs(address.local_part) &&
         srs_reverse(address, *keys_(), store_.clock().now().seconds).has_value();
}

Status Forwarder::judge(const std::vector<OutsideTarget>& targets) const {
  if (targets.empty()) return {};
  const auto rules = rules_.load();
  if (!rules->can_send)
    return fail(ErrorKind::unavailable, "Mail for this address cannot be sent on at the moment");
  if (targets.size() > rules->max_targets)
    return fail(ErrorKind::unavailable, "The address leads to too many other servers");
  if (rules->recipients_per_hour == 0) return {};
  const std::int64_t now = store_.clock().now().seconds;
  for (const OutsideTarget& target : targets)
    if (counts_.used(counted_as(target), now) >= rules->recipients_per_hour)
      return fail(ErrorKind::limit,
                  "Too much mail for this address was sent on within the last hour; try again "
                  "later");
  return {};
}

async::Task<Result<store::AccountPtr>> Forwarder::account() {
  auto entry = co_await store_.find_address(kForwardingAccount);
  if (!entry) co_return pass(entry);
  if (!*entry) co_return co_await make_account();
  co_return co_await store_.account((*entry)->account);
}

async::Task<Result<store::AccountPtr>> Forwarder::make_account() {
  auto made = co_await store_.create_account(kForwardingAccount, {}, {});
  AccountId id;
  if (made) {
    id = *made;
  } else {
    // Two messages may need it at the same time.
    if (made.error().kind != ErrorKind::already_exists) co_return pass(made);
    auto entry = co_await store_.find_address(kForwardingAccount);
    if (!entry) co_return pass(entry);
    if (!*entry) co_return fail(ErrorKind::unavailable, "The account of forwarded mail is gone");
    id = (*entry)->account;
  }
  // Tokens need no password.
  if (Status disabled = co_await store_.set_disabled(id, true); !disabled) co_return pass(disabled);
  co_return co_await store_.account(id);
}

async::Task<Result<std::string>> Forwarder::return_path(const Forwarding& what) const {
  const EnvelopeAddress& sender = what.sender;
  if (sender.local_part.empty()) co_return std::string();
  // A server that checks the sender permits ours for the domains of ours.
  if (sender.domain.empty()) co_return sender.written;
  auto ours = co_await is_ours_(normal_name(sender.domain));
  if (!ours) co_return pass(ours);
  if (*ours) {
    // A report would go to whomever the address names.
    if (is_srs(sender.local_part) && !leads_back(sender))
      co_return fail(ErrorKind::bad_argument, "This server has not made the sender's address");
    co_return sender.written;
  }
  const auto rules = rules_.load();
  std::string domain = !rules->srs_domain.empty() ? rules->srs_domain : what.to.domain;
  if (domain.empty()) domain = rules->hostname;
  auto rewritten = srs_rewrite(sender, domain, *keys_(), store_.clock().now().seconds);
  if (!rewritten) co_return pass(rewritten);
  co_return std::move(rewritten->written);
}

async::Task<Status> Forwarder::forward(Forwarding what, store::NewEmail email) {
  auto from = co_await return_path(what);
  if (!from) co_return pass(from);
  auto queue = co_await account();
  if (!queue) co_return pass(queue);
  const std::int64_t now = store_.clock().now().seconds;
  store::OutboxEntry entry = make_entry(what, std::move(*from), *rules_.load(), now);
  entry.size = email.size;
  const auto put = [&](store::Change& change) -> Status {
    auto ordinal = change.keep_email(email);
    if (!ordinal) return pass(ordinal);
    store::OutboxEntry queued = entry;
    queued.email = *ordinal;
    auto id = change.enqueue(std::move(queued));
    return id ? Status() : pass(id);
  };
  const store::Actor by = store::Actor::delivery();
  Result<store::ChangeReceipt> done = what.intent
                                          ? co_await (*queue)->change_once(by, *what.intent, put)
                                          : co_await (*queue)->change(by, {}, put);
  if (!done) co_return pass(done);
  if (!done->changed) co_return Status();
  for (const OutsideTarget& target : what.targets) counts_.add(counted_as(target), 1, now);
  co_return Status();
}

async::Task<Result<bool>> is_forwarding_account(store::Store& store, AccountId id) {
  auto profile = co_await store.profile(id);
  if (!profile) co_return pass(profile);
  co_return profile->name == kForwardingAccount;
}

}  // namespace posthorn::service

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "admin/admin.h"
#include "admin/capability_names.h"
#include "auth/password/foreign_hash.h"
#include "auth/rules/login_rules.h"
#include "service/delivery/recipient.h"
#include "service/mailbox_ref.h"
#include "store/store.h"

namespace posthorn::auth {
class SessionLimits;
}
namespace posthorn::store {
class Adoption;
}

namespace posthorn::admin {

/// The path of a snapshot of the store; the snapshot is removed with the last pointer to it.
using SnapshotPtr = std::shared_ptr<const std::string>;

// clang-format off
/// Performs the requests on an open store. Each request is {"do": name} with the members below;
/// results are members of the answer. "?" marks an optional member.
///
///   account.create {name, password?, max_bytes?, max_messages?}
///   account.passwd {name, password, internal?}
///   account.import {name, password, scheme, update?, dry_run?, max_bytes?, max_messages?}
///       -> {name, outcome: created, updated or exists; scheme}
///   account.remove {name}
///   account.removed {} -> {accounts: [{name, removed, kept_until}]}    (those that can come back)
///   account.undelete {name} -> {name, taken: [aliases that are others' by now]}
///   account.adopt {name, account, lineage, dry_run?}    (begins to bring an account back as it was)
///   account.adopt.add with octets    (a part; store/adopt/account_part.h)
///   account.adopt.finish {tail}
///   account.disable {name}
///   account.enable {name}
///   account.hold {name, reason?} -> {since, reason}
///   account.unhold {name}
///   account.forget {name}    (what directories have said of a user)
///   account.list {after?, limit?} -> {accounts: [{name, team, disabled, created, has_password, scram,
///       scheme?, directory?, main_password, app_passwords, without, messages, bytes,
///       hold?: {since, reason}}], next?}
///   account.main_password {name, accepted: everywhere, http or nowhere}
///   account.app_password.add {name, label, protocols?, ranges?, expires?} -> {id, password}
///   account.app_password.remove {name, id or label} -> {removed}
///   account.app_password.list {name} -> {app_passwords: [{id, label, protocols, ranges, created,
///       expires?, last_used?, without}]}
///   account.capabilities {name, app_password?: label, without?: [capabilities], reset?}
///       -> {without: [what is switched off], also: [what stands on that]}
///   account.act_as {name, add?, remove?, expires?} -> {may_act_as: [{domain, expires?}]}
///   account.send_as {name, add?, remove?} -> {may_send_as, sent_copy}
///   account.sent_copy {name, keep: on, off or default} -> {may_send_as, sent_copy}
///   team.create {name, members?: [accounts], rights?, sending?, max_bytes?, max_messages?}
///   team.remove {name}
///   team.list {after?, limit?} -> {teams: [{name, members, messages, bytes}], next?}
///   team.show {name} -> {name, disabled, folder_mail, sent_copy, messages, bytes, max_bytes,
///       max_messages, members: [{name, rights, sending}]}
///   team.set {name, folder_mail?: open or restricted, sent_copy?: team or both}
///   team.member.add {name, member, rights?: reader, member, manager or letters,
///       sending?: as-team, on-behalf or none}
///   team.member.remove {name, member}
///   alias.add {alias, name or names: [accounts, aliases, addresses of other servers, or one @domain]}
///       -> {outside?: [those of other servers]}
///   alias.remove {alias}
///   alias.list {after?, limit?} -> {aliases: [{alias, name or names, outside?}], next?}
///   alias.rotate_key {forget_old?}    (of the return paths of forwarded mail)
///   mailbox.list {name} -> {account, mailboxes: [{mailbox, messages, uid_next, subscribed}]}
///   mailbox.subscribe {name, mailbox}
///   mailbox.remove {name, mailbox}
///   mailbox.expire {name, mailbox, after?: 30d, never or default} -> {mailbox, after, own?}
///   mailbox.shares {name, mailbox} -> {entries: [{identifier, rights}]}
///   mailbox.share {name, mailbox, identifier, rights} -> {entries}
///   mailbox.unshare {name, mailbox, identifier} -> {entries}
///   message.list {name, mailbox, after?, limit?} -> {messages: [{uid, number, flags, date, zone, size}], next?}
///   message.read {name, mailbox, uid} -> octets
///   message.append {name, messages: [{mailbox, flags, date?, zone?, size}]} with octets -> {uids}
///   message.undelete {name, since, mailbox?, message_id?, into?, dry_run?}
///       -> {places: [{mailbox, messages, created}], lost}
///   account.as_of {name, time, dry_run?}
///       -> {mailboxes: [{mailbox, was?, created, back, removed, flagged}], lost, names_unknown}
///   index.status {name} -> {groups, covered, filters, unusable, complete}
///   index.rebuild {name} -> {dropped}
///   queue.list {name?, after?, limit?} -> {entries, next?}
///   queue.show {id} -> {the entry, with its recipients}
///   queue.retry {id} or {all} -> {changed}
///   queue.cancel {id, recipients?, report} -> {changed}
///   session.list {name?} -> {sessions: [{session, protocol, user, peer, since, in, out, tls}]}
///   session.kick {who: a name or a session} -> {ended, user?}
///   session.trace {name, seconds} -> {file}
///   node.list {} -> {nodes: [{node, host, version, since, clock, lives, shards, self}]}
///   snapshot.take {} -> {path, taken}    (exists until snapshot.drop, or the end of the connection)
///   snapshot.drop {}
///   backup.done {name, taken, size, copied, folder}    (for status)
///   status {} -> {version, pid, data_dir, disk_size, disk_free, disk_low,
///       last_backup?: {as above}}
///   check {deep, repair} -> {accounts, mailboxes, messages, findings, repaired}
///   sweep {}
///   ping {} -> {version, pid}
// clang-format on
class LocalAdmin final : public Admin {
 public:
  /// What happens to the older keys when there is a new one.
  enum class OldKeys : std::uint8_t { keep, forget };
  struct Options {
    std::uint32_t iterations = 0;          ///< For new passwords; see auth/credentials.h.
    std::uint64_t max_message_octets = 0;  ///< Of one message; 0: no limit.
    auth::HashLimits hash_limits = {};     ///< For imported hashes.
    /// Called when an account's password or state has changed, so that remembered logins can be
    /// discarded and sessions ended.
    std::function<void(const AccountId&)> login_changed = {};
    /// The sessions of the running server; null if none runs. Must outlive this object.
    auth::SessionLimits* sessions = nullptr;
    /// Begins to record the sessions of an account, and returns the file's name.
    std::function<async::Task<Result<std::string>>(AccountId, std::string name,
                                                   std::chrono::seconds)>
        trace = {};
    std::string data_dir = {};  ///< For status; has the file `last-backup`.
    /// Makes a snapshot of the store. Errors: unavailable (there is one already), not_supported,
    /// io.
    std::function<async::Task<Result<SnapshotPtr>>()> take_snapshot = {};
    /// The connection on which requests come (net::Stream::id()), for the log; 0: none.
    std::uint64_t session = 0;
    /// Called when an app password was removed, so that its sessions are ended.
    std::function<void(const AccountId&, std::uint64_t app_password)> app_password_removed = {};
    /// Called when it may have changed whether SCRAM can check the password of an account. If it is
    /// not set, only the store is told (service/scram_hint.h).
    std::function<async::Task<void>(AccountId)> scram_changed = {};
    /// Drops what directories have said of a user. Not set: no server runs, so nothing is
    /// remembered.
    std::function<async::Task<Status>(std::string name)> forget = {};
    /// If it is not set, no capabilities can be switched off.
    CapabilityNames capabilities = {};
    /// Whether mail can be sent to other servers.
    bool can_relay = false;
    /// Returns whether all mail of a domain (in lower case) is for accounts here. If it is not set,
    /// no alias can lead to another server.
    std::function<async::Task<Result<bool>>(std::string domain)> is_our_domain = {};
    std::uint32_t max_outside = 0;  ///< Addresses of other servers to which one alias may lead.
    /// Makes a new key for the return paths of forwarded mail (service/forwarding/srs.h).
    std::function<Status(OldKeys)> rotate_srs_key = {};
  };
  static constexpr std::uint64_t kLongestTrace = 86'400;  ///< Seconds.
  /// `store` must outlive this object.
  LocalAdmin(store::Store& store, Options options);
  ~LocalAdmin() override;

  async::Task<Result<Answer>> call(Json request) override;
  async::Task<Result<Answer>> call(Json request, OctetSource& octets) override;

 private:
  struct Request;
  static const Request kRequests[];

  async::Task<Result<Answer>> create_account(Json request);
  async::Task<Result<Answer>> set_password(Json request);
  async::Task<Result<Answer>> import_account(Json request);
  async::Task<Result<Answer>> set_main_password(Json request);
  async::Task<Result<Answer>> add_app_password(Json request);
  async::Task<Result<Answer>> remove_app_password(Json request);
  async::Task<Result<Answer>> list_app_passwords(Json request);
  async::Task<Result<Answer>> mask_capabilities(Json request);
  async::Task<Result<Answer>> act_as(Json request);
  async::Task<Result<Answer>> remove_account(Json request);
  async::Task<Result<Answer>> list_removed(Json request);
  async::Task<Result<Answer>> undelete_account(Json request);
  async::Task<Result<Answer>> begin_adoption(Json request);
  async::Task<Result<Answer>> add_to_adoption(Json request, OctetSource& octets);
  async::Task<Result<Answer>> finish_adoption(Json request);
  /// Adds to an error about an unknown account that it can be brought back, if that is so.
  async::Task<std::unexpected<Error>> explain_removed(Error error, const Json& request);
  async::Task<Result<Answer>> enable_account(Json request);
  async::Task<Result<Answer>> forget_account(Json request);
  async::Task<Result<Answer>> hold_account(Json request);
  async::Task<Result<Answer>> unhold_account(Json request);
  async::Task<Result<Answer>> list_accounts(Json request);
  async::Task<Result<Answer>> send_as(Json request);
  async::Task<Result<Answer>> keep_sent(Json request);
  async::Task<Result<Answer>> create_team(Json request);
  async::Task<Result<Answer>> remove_team(Json request);
  async::Task<Result<Answer>> list_teams(Json request);
  async::Task<Result<Answer>> show_team(Json request);
  async::Task<Result<Answer>> set_team(Json request);
  async::Task<Result<Answer>> add_member(Json request);
  async::Task<Result<Answer>> remove_member(Json request);
  async::Task<Result<Answer>> add_alias(Json request);
  service::FindAddress finder();
  /// Judges what an alias shall lead to, and marks the addresses of other servers.
  async::Task<Status> judge_targets(std::string alias, std::vector<std::string>& targets);
  /// Judges an address that nobody here has.
  async::Task<Status> judge_outside(std::string alias, std::string target);
  async::Task<Status> judge_domains(std::string alias, std::string target);
  async::Task<Result<Answer>> rotate_srs_key(Json request);
  async::Task<Result<Answer>> remove_alias(Json request);
  async::Task<Result<Answer>> list_aliases(Json request);
  async::Task<Result<Answer>> list_mailboxes(Json request);
  async::Task<Result<Answer>> subscribe(Json request);
  async::Task<Result<Answer>> remove_mailbox(Json request);
  async::Task<Result<Answer>> expire_mailbox(Json request);
  async::Task<Result<Answer>> list_shares(Json request);
  async::Task<Result<Answer>> share_mailbox(Json request);
  async::Task<Result<Answer>> unshare_mailbox(Json request);
  async::Task<Result<Answer>> list_messages(Json request);
  async::Task<Result<Answer>> read_message(Json request);
  async::Task<Result<Answer>> append_messages(Json request, OctetSource& octets);
  async::Task<Result<Answer>> undelete(Json request);
  async::Task<Result<Answer>> restore_as_of(Json request);
  async::Task<Result<Answer>> index_status(Json request);
  async::Task<Result<Answer>> rebuild_index(Json request);
  async::Task<Result<Answer>> list_queue(Json request);
  async::Task<Result<Answer>> show_queued(Json request);
  async::Task<Result<Answer>> retry_queued(Json request);
  async::Task<Result<Answer>> cancel_queued(Json request);
  async::Task<Result<Answer>> list_sessions(Json request);
  async::Task<Result<Answer>> kick(Json request);
  async::Task<Result<Answer>> trace(Json request);
  async::Task<Result<Answer>> list_nodes(Json request);
  async::Task<Result<Answer>> take_snapshot(Json request);
  async::Task<Result<Answer>> drop_snapshot(Json request);
  async::Task<Result<Answer>> note_backup(Json request);
  async::Task<Result<Answer>> status(Json request);
  async::Task<Result<Answer>> check(Json request);
  async::Task<Result<Answer>> sweep(Json request);
  async::Task<Result<Answer>> ping(Json request);

  async::Task<Result<Answer>> edit_sending(std::string name,
                                           std::function<Status(store::SendingSettings&)> edit);
  async::Task<Result<AccountId>> find(std::string_view name);
  /// The same for an account that people can log in to. Errors: also bad_argument, for a team.
  async::Task<Result<AccountId>> find_person(std::string_view name);
  /// Errors: bad_argument for the name of the account that the server makes for itself.
  static Status check_not_reserved(std::string_view name);
  /// Errors: no_permission for an account that must not be removed.
  async::Task<Status> check_not_held(AccountId account);
  async::Task<Result<store::AccountPtr>> open(std::string_view name);
  /// Errors: also bad_argument, if the account is not a team.
  async::Task<Result<store::AccountPtr>> open_team(std::string_view name);
  struct Queued {
    store::AccountPtr account;
    store::OutboxEntryPtr entry;
    std::string id;  ///< As shown to people.
  };
  async::Task<Result<Queued>> find_queued(std::string_view id);
  async::Task<std::string> queue_name(const AccountId& account);
  async::Task<Result<std::string>> encode_password(std::string_view password);
  struct Imported {
    std::string credentials;  ///< Empty if none are computed.
    std::string scheme;       ///< As it is stored.
  };
  enum class Compute : std::uint8_t { nothing, keys };
  async::Task<Result<Imported>> read_imported(Json request, Compute compute);
  /// Refuses if the password of an account is in a directory. Errors: bad_argument.
  async::Task<Status> require_own_password(AccountId account);
  /// Stores the credentials of an account that exists, and ends its sessions.
  async::Task<Status> replace_password(AccountId account, std::string credentials);
  async::Task<Status> note_scram(AccountId account);
  /// Edits the login rules of an account. `edit` runs once at least.
  async::Task<Result<AccountId>> edit_rules(std::string name, store::Store::Sessions sessions,
                                            std::function<Status(auth::LoginRules&)> edit);
  async::Task<Result<std::vector<store::Store::Listed>>> page(const Json& request);

  /// An administrator who works on an account over this object's connection.
  [[nodiscard]] service::Caller administrator(store::AccountPtr account) const {
    return service::Caller::administrator(std::move(account), options_.session);
  }

  store::Store& store_;
  const Options options_;
  SnapshotPtr snapshot_;
  std::unique_ptr<store::Adoption> adoption_;  ///< Of the account that is being brought back.
};

}  // namespace posthorn::admin

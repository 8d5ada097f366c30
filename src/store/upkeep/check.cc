#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <span>

#include "message/digest/keys_view.h"
#include "message/mime/structure_view.h"
#include "store/change/queue_list.h"
#include "store/format/codec.h"
#include "store/format/system.h"
#include "store/read/email_reader.h"
#include "store/read/load.h"
#include "store/store_state.h"

namespace posthorn::store {
namespace {

using Findings = std::vector<std::string>;

std::string place(const AccountId& account, const Mailbox& mailbox) {
  return "account " + to_hex(account) + " mailbox \"" + mailbox.name + "\"";
}

/// What the rows say must be what the head says, and every number in its bounds.
void check_rows(const AccountId& account, const AccountState& state, const Mailbox& mailbox,
                Findings& findings) {
  const auto find = [&](const std::string& what) {
    findings.push_back(place(account, mailbox) + ": " + what);
  };
  MailboxHead counted;
  std::uint32_t last_uid = 0;
  const auto& head = mailbox.head;
  mailbox.contents->for_each(
      0, mailbox.contents->count(),
      [&](std::uint32_t, const MemberLeaf& m, const FlagLeaf& f, std::uint32_t k) {
        const std::string uid = "UID " + std::to_string(m.uid[k]);
        if (m.uid[k] <= last_uid) find(uid + " is out of order");
        last_uid = m.uid[k];
        if (m.uid[k] >= head.uid_next.value) find(uid + " is not below UIDNEXT");
        if (f.modseq[k] == 0 || f.modseq[k] > head.highest_modseq.value)
          find(uid + " has a MODSEQ above the mailbox's");
        if (m.ordinal[k] >= state.counters.next_ordinal.value)
          find(uid + " names a message that never was");
        ++counted.messages;
        counted.bytes += m.size[k];
        if ((f.system[k] & bit(SystemFlag::seen)) == 0) ++counted.unseen;
        if ((f.system[k] & bit(SystemFlag::deleted)) != 0) {
          ++counted.deleted;
          counted.deleted_bytes += m.size[k];
        }
      });
  if (counted.messages != head.messages) find("the count of messages is wrong");
  if (counted.unseen != head.unseen) find("the count of unseen messages is wrong");
  if (counted.deleted != head.deleted) find("the count of deleted messages is wrong");
  if (counted.bytes != head.bytes || counted.deleted_bytes != head.deleted_bytes)
    find("the count of bytes is wrong");
  if (head.highest_modseq.value > state.seq.value || head.highest_modseq.value == 0)
    find("HIGHESTMODSEQ is impossible");
  if (head.uid_validity.value == 0 || head.uid_validity >= state.counters.next_uid_validity)
    find("UIDVALIDITY was never given out");
}

/// Header and body as received against the hash taken then.
Status check_hash(const AccountPtr& account, std::string_view header, std::string_view body) {
  auto reader = BodyReader::open(account, body);
  if (!reader) return pass(reader);
  EVP_MD_CTX* sha = EVP_MD_CTX_new();
  EVP_DigestInit_ex(sha, EVP_sha256(), nullptr);
  header.remove_prefix(std::min<std::size_t>(reader->list().prefix_size, header.size()));
  EVP_DigestUpdate(sha, header.data(), header.size());
  Status result;
  for (std::uint64_t at = 0; at < reader->size();) {
    auto chunk = reader->read_blocking(at, UINT64_MAX);
    if (!chunk) {
      result = pass(chunk);
      break;
    }
    EVP_DigestUpdate(sha, chunk->bytes.data(), chunk->bytes.size());
    at += chunk->bytes.size();
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned length = 0;
  EVP_DigestFinal_ex(sha, digest.data(), &length);
  EVP_MD_CTX_free(sha);
  if (result &&
      std::string_view(reinterpret_cast<char*>(digest.data()), length) != reader->list().sha256)
    return fail(ErrorKind::corrupt, "the octets are not those received");
  return result;
}

class MessageChecker {
 public:
  MessageChecker(AccountPtr account, bool deep, Findings& findings)
      : account_(std::move(account)), deep_(deep), findings_(findings), reader_(account_) {}

  void run(const Mailbox& mailbox) {
    const Members& members = mailbox.contents->members();
    constexpr std::uint32_t kBatch = 256;
    for (std::uint32_t first = 0; first < members.count(); first += kBatch) {
      std::vector<Member> batch;
      std::vector<Ordinal> ordinals;
      members.for_each(first, std::min(members.count(), first + kBatch),
                       [&](std::uint32_t, const MemberLeaf& m, std::uint32_t k) {
                         batch.push_back(m.at(k));
                         ordinals.push_back(batch.back().ordinal);
                       });
      load(ordinals);
      for (const Member& member : batch)
        if (Status ok = check(member.ordinal, member.size); !ok)
          findings_.push_back(place(account_->id(), mailbox) + ": UID " +
                              std::to_string(member.uid.value) + ": " + ok.error().text);
    }
  }

  void run(const AccountState& state) {
    for (const auto& [id, entry] : *state.outbox) {
      const std::string place =
          "account " + to_hex(account_->id()) + " outbox " + std::to_string(id.value) + ": ";
      if (entry->email >= state.counters.next_ordinal || id.value > state.seq.value)
        findings_.push_back(place + "it has a number that was never given out");
      if (entry->recipients.empty()) findings_.push_back(place + "it is for nobody");
      load(std::span(&entry->email, 1));
      if (Status ok = check(entry->email, entry->size); !ok)
        findings_.push_back(place + ok.error().text);
    }
    if (state.outbox->empty()) return;
    auto listed = is_listed(account_->store().engine(), account_->id());
    if (!listed || !*listed)
      findings_.push_back("account " + to_hex(account_->id()) +
                          ": a restart would not find its outbox");
  }

 private:
  void load(std::span<const Ordinal> ordinals) {
    reader_.load_blocking(ordinals, bit(Column::keys) | bit(Column::structure) |
                                        bit(Column::header) | bit(Column::body));
  }

  Status check(Ordinal ordinal, std::uint64_t size) {
    auto keys = reader_.get(ordinal, Column::keys);
    auto structure = reader_.get(ordinal, Column::structure);
    auto header = reader_.get(ordinal, Column::header);
    auto body = reader_.get(ordinal, Column::body);
    if (!keys) return pass(keys);
    if (!structure) return pass(structure);
    if (!header) return pass(header);
    if (!body) return pass(body);
    if (!message::KeysView(*keys).ok() || !message::StructureView(*structure).ok())
      return fail(ErrorKind::corrupt, "its digest cannot be read");
    auto reader = BodyReader::open(account_, *body);
    if (!reader) return pass(reader);
    if (header->size() + reader->size() != size)
      return fail(ErrorKind::corrupt, "its size is not that of its octets");
    for (const BodyPiece& piece : reader->list().pieces)
      if (Status ok = check_piece(piece); !ok) return ok;
    if (deep_) return check_hash(account_, *header, *body);
    return {};
  }

  Status check_piece(const BodyPiece& piece) {
    auto info = account_->store().engine().inspect(piece.name);
    if (!info) return pass(info);
    if (!*info) return fail(ErrorKind::corrupt, "a piece of its body is gone");
    if (std::ranges::none_of((*info)->holders, [&](const engine::Holder& h) {
          return h.partition == account_->id();
        }))
      return fail(ErrorKind::corrupt, "a piece of its body is not held by the account");
    return {};
  }

  AccountPtr account_;
  bool deep_;
  Findings& findings_;
  EmailReader reader_;
};

}  // namespace

async::Task<Status> Store::check_account(AccountPtr account, bool deep, CheckReport& report) {
  ++report.accounts;
  std::uint64_t bytes = 0;
  std::uint64_t messages = 0;
  StatePtr state = account->published();
  for (const auto& [id, listed] : state->mailboxes) {
    auto loaded = co_await account->load(id);
    if (!loaded) {
      if (loaded.error().kind != ErrorKind::not_found)
        report.findings.push_back(place(account->id(), *listed) + ": " + loaded.error().text);
      continue;
    }
    const MailboxPtr& mailbox = *loaded;
    co_await async::offload(state_->offload, [&] {
      check_rows(account->id(), *account->published(), *mailbox, report.findings);
      MessageChecker(account, deep, report.findings).run(*mailbox);
    });
    ++report.mailboxes;
    report.messages += mailbox->head.messages;
  }
  state = account->published();
  co_await async::offload(state_->offload,
                          [&] { MessageChecker(account, deep, report.findings).run(*state); });
  for (const auto& [id, mailbox] : state->mailboxes) {
    bytes += mailbox->head.bytes;
    messages += mailbox->head.messages;
  }
  if (bytes != state->counters.bytes || messages != state->counters.messages)
    report.findings.push_back("account " + to_hex(account->id()) +
                              ": the quota counters are wrong");
  co_return Status{};
}

async::Task<Result<Store::CheckReport>> Store::check(bool deep) {
  CheckReport report;
  std::optional<PartitionId> after;
  for (;;) {
    constexpr std::size_t kAtOnce = 100;
    auto ids = co_await async::offload(state_->offload,
                                       [&] { return state_->engine.partitions(after, kAtOnce); });
    if (!ids) co_return pass(ids);
    for (const PartitionId& id : *ids) {
      if (!is_account_partition(id)) continue;
      auto opened = co_await account(id);
      if (opened) {
        (void)co_await check_account(*opened, deep, report);
      } else if (opened.error().kind != ErrorKind::not_found) {
        report.findings.push_back("account " + to_hex(id) + ": " + opened.error().text);
      }
    }
    co_await trim();
    if (ids->size() < kAtOnce) break;
    after = ids->back();
  }
  std::string last;
  for (;;) {
    constexpr std::size_t kAtOnce = 1000;
    auto addresses = co_await list_addresses(last, kAtOnce);
    if (!addresses) co_return pass(addresses);
    for (const Listed& listed : *addresses) {
      if (auto there = co_await profile(listed.entry.account); !there)
        report.findings.push_back("address " + listed.address + ": " + there.error().text);
    }
    if (addresses->size() < kAtOnce) break;
    last = addresses->back().address;
  }
  auto queued = co_await accounts_with_outbox();
  if (!queued) report.findings.push_back("the list of outboxes: " + queued.error().text);
  co_return report;
}

}  // namespace posthorn::store

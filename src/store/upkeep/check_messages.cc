#include "store/upkeep/check_messages.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>

#include "async/wait.h"
#include "message/digest/keys_view.h"
#include "message/mime/structure_view.h"
#include "store/format/codec.h"
#include "store/format/record.h"
#include "store/store.h"

namespace posthorn::store {
namespace {

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

/// Compares the header and body as received with the hash computed at that time.
Status check_hash(BodyReader& reader, std::string_view header) {
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> sha(EVP_MD_CTX_new());
  EVP_DigestInit_ex(sha.get(), EVP_sha256(), nullptr);
  header.remove_prefix(std::min<std::size_t>(reader.list().prefix_size, header.size()));
  EVP_DigestUpdate(sha.get(), header.data(), header.size());
  for (std::uint64_t at = 0; at < reader.size();) {
    auto chunk = reader.read_blocking(at, UINT64_MAX);
    if (!chunk) return pass(chunk);
    EVP_DigestUpdate(sha.get(), chunk->bytes.data(), chunk->bytes.size());
    at += chunk->bytes.size();
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned length = 0;
  EVP_DigestFinal_ex(sha.get(), digest.data(), &length);
  if (std::string_view(reinterpret_cast<char*>(digest.data()), length) != reader.list().sha256)
    return fail(ErrorKind::corrupt, "its octets differ from those received");
  return {};
}

}  // namespace

void MessageCheck::run(const Contents& contents,
                       const std::function<void(const std::string&)>& find) {
  constexpr std::uint32_t kBatch = 256;
  const Members& members = contents.members();
  // Keyed by the fault, because one lost file can affect many messages.
  std::map<std::string, Unreadable> faults;
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
        faults[ok.error().text].add(member.uid, ok.error());
  }
  for (const auto& [what, fault] : faults) {
    const std::string& cause = fault.why->cause;
    find(fmt::format("{} {}: {}{}", fault.uids.count() == 1 ? "UID" : "UIDs", fault.uids.to_text(),
                     what, cause.empty() ? "" : " (" + cause + ")"));
  }
}

Status MessageCheck::run(Ordinal ordinal, std::uint64_t size) {
  load(std::span(&ordinal, 1));
  return check(ordinal, size);
}

void MessageCheck::load(std::span<const Ordinal> ordinals) {
  reader_.load_blocking(ordinals, bit(Column::keys) | bit(Column::structure) | bit(Column::header) |
                                      bit(Column::body));
}

Status MessageCheck::check(Ordinal ordinal, std::uint64_t size) {
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
  if (depth_ == CheckDepth::hashed) return check_hash(*reader, *header);
  return {};
}

Status MessageCheck::check_piece(const BodyPiece& piece) {
  engine::Engine& engine = account_->store().engine();
  auto info = engine.inspect(piece.name);
  if (!info) return pass(info);
  if (!*info) return fail(ErrorKind::corrupt, "a piece of its body is missing");
  if (std::ranges::none_of((*info)->holders,
                           [&](const engine::Holder& h) { return h.partition == account_->id(); }))
    return fail(ErrorKind::corrupt, "a piece of its body is not held by the account");
  if (depth_ == CheckDepth::named) return {};
  // Bypasses the cache, because the stored data is to be verified.
  auto stored = async::wait(engine.read_piece(piece.name));
  Status ok = stored ? check_page(*stored, piece.size) : pass(stored);
  if (ok) return {};
  return fail(ok.error().kind, "a piece of its body cannot be read: " + ok.error().text,
              ok.error().cause);
}

}  // namespace posthorn::store

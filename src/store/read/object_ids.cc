#include "store/read/object_ids.h"

#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "store/format/origin.h"
#include "store/format/record.h"

namespace posthorn::store {
namespace {

constexpr char kMailbox = 'F';
constexpr char kEmail = 'M';
constexpr char kThread = 'T';
constexpr std::size_t kNumberAt = 8;  ///< Where the number is in a block that is not encrypted.
constexpr std::size_t kKeySize = 16;

/// One block of AES: 16 octets, spelled in hexadecimal as the ids of accounts are.
using Block = PartitionId;

const unsigned char* octets(std::string_view s) {
  return reinterpret_cast<const unsigned char*>(s.data());
}

/// AES-128 on single blocks: a permutation, so that two numbers never have the same identifier.
/// Thread: one at a time.
class BlockCipher {
 public:
  enum class Direction : std::uint8_t { decrypt, encrypt };

  explicit BlockCipher(Direction direction)
      : direction_(direction), context_(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free) {}

  Block apply(std::string_view key, const Block& block) {
    if (key != key_) {
      require(EVP_CipherInit_ex(context_.get(), EVP_aes_128_ecb(), nullptr, octets(key), nullptr,
                                direction_ == Direction::encrypt ? 1 : 0));
      require(EVP_CIPHER_CTX_set_padding(context_.get(), 0));
      key_ = key;
    }
    Block out;
    int length = 0;
    require(EVP_CipherUpdate(context_.get(), out.bytes.data(), &length, block.bytes.data(),
                             static_cast<int>(block.bytes.size())));
    return out;
  }

 private:
  /// Two objects must never get the same identifier. The only cause is lack of memory.
  static void require(int result) {
    if (result != 1) std::abort();
  }

  const Direction direction_;
  std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context_;
  std::string key_;
};

/// What is encrypted: the kind, so that a mailbox and a message with the same number have nothing
/// in common, seven zeros, by which an identifier of another account is recognised, the number.
Block plain_block(char kind, std::uint64_t number) {
  Block block;
  block.bytes.front() = static_cast<std::uint8_t>(kind);
  std::string digits;
  ByteWriter(digits).u64(number);
  std::ranges::copy(digits, block.bytes.begin() + kNumberAt);
  return block;
}
std::uint64_t number_of(const Block& plain) {
  return ByteReader(plain.view().substr(kNumberAt)).u64();
}

}  // namespace

ObjectIdKeys derive_object_id_keys(std::string_view store_key, const AccountId& account) {
  return {scoped_key(store_key, "object ids", account.view()).substr(0, kKeySize),
          scoped_key(store_key, "threads", "")};
}

ObjectIds::ObjectIds(const AccountId& account, ObjectIdKeys keys, const AccountCounters& counters)
    : account_(account),
      keys_(std::move(keys)),
      first_hidden_mailbox_(counters.first_hidden_mailbox),
      first_hidden_ordinal_(counters.first_hidden_ordinal) {}

std::string ObjectIds::in_clear(char kind, std::uint64_t number) const {
  constexpr std::size_t kDigits = 16;  // Enough to tell accounts apart.
  return kind + to_hex(account_).substr(0, kDigits) + '-' + std::to_string(number);
}

std::string ObjectIds::hidden(char kind, std::uint64_t number) const {
  thread_local BlockCipher cipher(BlockCipher::Direction::encrypt);
  return kind + to_hex(cipher.apply(keys_.account, plain_block(kind, number)));
}

std::string ObjectIds::mailbox(MailboxId id) const {
  return id < first_hidden_mailbox_ ? in_clear(kMailbox, id.value) : hidden(kMailbox, id.value);
}

std::string ObjectIds::email(Ordinal ordinal, std::string_view body) const {
  if (const std::string_view origin = origin_of(body); !origin.empty()) return std::string(origin);
  return ordinal < first_hidden_ordinal_ ? in_clear(kEmail, ordinal.value)
                                         : hidden(kEmail, ordinal.value);
}

std::string ObjectIds::thread(Ordinal ordinal, const message::KeysView& keys,
                              std::string_view body) const {
  const auto references = keys.references();
  std::string root(references.empty() ? keys.message_id() : *references.begin());
  // A message that names none, itself included, is a thread of its own. No Message-ID has a NUL.
  if (root.empty()) root = '\0' + email(ordinal, body);
  Block hash;
  std::ranges::copy(keyed_hash(keys_.threads, root), hash.bytes.begin());
  return kThread + to_hex(hash);
}

std::optional<Ordinal> ObjectIds::parse_email(std::string_view id) const {
  if (!id.starts_with(kEmail)) return std::nullopt;
  Ordinal ordinal;
  if (const auto block = partition_id_from_hex(id.substr(1))) {
    thread_local BlockCipher cipher(BlockCipher::Direction::decrypt);
    ordinal.value = number_of(cipher.apply(keys_.account, *block));
  } else if (const std::size_t dash = id.find('-'); dash != std::string_view::npos) {
    std::from_chars(id.data() + dash + 1, id.data() + id.size(), ordinal.value);
  }
  // Only the spelling that is given out is an identifier: of another account's, of a number that
  // has the other form, and of "01" nothing else is the same.
  if (email(ordinal) != id) return std::nullopt;
  return ordinal;
}

}  // namespace posthorn::store

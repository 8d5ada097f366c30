#pragma once

#include "async/wait.h"
#include "engine/faulty/faulty_engine.h"
#include "store/format/codec.h"
#include "store/format/keys.h"
#include "store/format/system.h"
#include "store/read/email_reader.h"
#include "store/store_fixture.h"

namespace posthorn::store {

/// A store that tests can damage.
class DamageFixture : public StoreFixture {
 protected:
  DamageFixture() {
    auto faulty = std::make_unique<engine::FaultyEngine>(std::move(engine_));
    faulty_ = faulty.get();
    engine_ = std::move(faulty);
    reopen();
    ann_ = make_account("ann@example.org");
    inbox_ = ann_->published()->find("INBOX")->id;
  }
  ~DamageFixture() override { ann_.reset(); }
  DamageFixture(const DamageFixture&) = delete;
  DamageFixture& operator=(const DamageFixture&) = delete;

  static Error damaged() { return {ErrorKind::corrupt, "a stored record is damaged", "test"}; }

  /// Simulates a restart: nothing is in memory.
  void restart() {
    const AccountId id = ann_->id();
    ann_.reset();
    reopen();
    ann_ = open_account(id);
  }

  Uid append(const std::string& octets) {
    const NewEmail email = upload(ann_, octets);
    newest_body_ = email.record->body;
    Uid uid;
    EXPECT_TRUE(change(ann_, {}, [&](Change& c) -> Status {
      auto made = c.append(inbox_, email, {}, {clock_.now().seconds, 0});
      if (!made) return pass(made);
      uid = *made;
      return {};
    }));
    return uid;
  }
  /// The pieces of the last appended message.
  [[nodiscard]] std::vector<BodyPiece> pieces() const {
    return decode_body_list(newest_body_)->pieces;
  }
  /// Octets without repetition, so that every piece of them is different.
  static std::string lines(std::size_t size, std::uint32_t seed) {
    std::string text;
    while (text.size() < size)
      text += fmt::format("line {}\r\n", seed = seed * 1664525 + 1013904223);
    return text;
  }
  Uid append_large(std::size_t body, std::uint32_t seed) {
    return append(message("large " + std::to_string(seed)) + lines(body, seed));
  }

  /// Removes or replaces rows without the store's knowledge.
  void edit_rows(std::vector<engine::Edit> edits) {
    const auto version = async::wait(engine_->version(ann_->id()));
    ASSERT_TRUE(version);
    ASSERT_TRUE(commit_and_wait(
        *engine_,
        {.partition = ann_->id(), .expect = *version, .edits = std::move(edits), .carry = {}}));
  }

  std::vector<std::uint32_t> uids(MailboxId mailbox) {
    std::vector<std::uint32_t> found;
    const auto loaded = run(ann_->load(mailbox));
    EXPECT_TRUE(loaded) << loaded.error().text;
    if (!loaded) return found;
    const Contents& contents = *(*loaded)->contents;
    contents.members().for_each(0, contents.count(),
                                [&](std::uint32_t, const MemberLeaf& leaf, std::uint32_t k) {
                                  found.push_back(leaf.uid[k]);
                                });
    return found;
  }

  Store::CheckReport check(Store::Repair repair = Store::Repair::nothing) {
    auto report = run(store_->check(false, repair));
    EXPECT_TRUE(report) << report.error().text;
    return report ? *report : Store::CheckReport{};
  }
  /// Returns true if one of the findings contains all of these words.
  static bool says(const std::vector<std::string>& lines, std::vector<std::string> words) {
    return std::ranges::any_of(lines, [&](const std::string& line) {
      return std::ranges::all_of(words, [&](const auto& word) { return line.contains(word); });
    });
  }
  static std::string all_of(const std::vector<std::string>& lines) {
    std::string all;
    for (const std::string& line : lines) all += line + "\n";
    return all;
  }

  engine::FaultyEngine* faulty_ = nullptr;
  AccountPtr ann_;
  MailboxId inbox_;
  std::string newest_body_;
};

}  // namespace posthorn::store

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "async/wait.h"
#include "extract/contract.h"
#include "store/filter/text_filter.h"
#include "store/format/keys.h"
#include "store/format/system.h"
#include "store/read/email_catalog.h"
#include "store/store_fixture.h"
#include "store/texts/read_texts.h"
#include "store/upkeep/attachments.h"
#include "store/upkeep/extract_texts.h"
#include "store/upkeep/filter_status.h"
#include "store/upkeep/filter_step.h"
#include "store/upkeep/maintenance.h"
#include "text/base64.h"

namespace posthorn::store {
namespace {

/// Takes what follows the beginning of a document for its text.
class FakeExtractor : public extract::TextExtractor {
 public:
  Result<std::string> extract(extract::Kind kind, std::string_view document) override {
    ++documents;
    if (unavailable) return fail(ErrorKind::unavailable, "no process can be started");
    if (kind != extract::Kind::rtf) return fail(ErrorKind::not_supported, "not read here");
    return std::string(document.substr(5));
  }
  void stop() override {}
  std::atomic<int> documents = 0;
  std::atomic<bool> unavailable = false;
};

/// An account with some groups of messages. Every tenth has a document with a word of its own.
class TextsTest : public StoreFixture {
 protected:
  static constexpr std::uint32_t kMessages = 2 * 256 + 300;

  TextsTest() { enable(); }
  ~TextsTest() override { ann_.reset(); }
  TextsTest(const TextsTest&) = delete;
  TextsTest& operator=(const TextsTest&) = delete;

  void enable() { search_attachments(*store_, extractor_); }

  static std::string word(std::uint32_t i) { return fmt::format("WORD{:06}END", i * 7919); }
  static bool has_document(std::uint32_t i) { return i % 10 == 0; }

  static std::string with_document(std::uint32_t i, std::string_view document) {
    return "From: Ann <ann@example.org>\r\nSubject: number " + std::to_string(i) +
           "\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n"
           "Content-Type: text/plain\r\n\r\nSee below.\r\n--bb\r\n"
           "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
           text::base64_encode(document) + "\r\n--bb--\r\n";
  }

  void fill() {
    ann_ = make_account("ann@example.org");
    inbox_ = ann_->published()->find("INBOX")->id;
    std::vector<NewEmail> emails;
    for (std::uint32_t i = 1; i <= kMessages; ++i)
      emails.push_back(upload(ann_, has_document(i)
                                        ? with_document(i, "{\\rtfThe " + word(i) + "\n\tis here.")
                                        : message("plain")));
    EXPECT_TRUE(change(ann_, {}, [&](Change& c) -> Status {
      for (const NewEmail& email : emails)
        if (auto uid = c.append(inbox_, email, {}, {}); !uid) return pass(uid);
      return {};
    }));
  }

  void restart(bool enabled) {
    const AccountId id = ann_->id();
    ann_.reset();
    reopen();
    if (enabled) enable();
    ann_ = open_account(id);
  }

  /// Waits until nothing is left to do.
  FilterStatus wait() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    Maintenance::request(ann_);
    while (std::chrono::steady_clock::now() < deadline) {
      auto status = run(filter_status(ann_));
      EXPECT_TRUE(status);
      if (status->groups > 0 && status->complete) return *status;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ADD_FAILURE() << "the filters were not made";
    return {};
  }

  std::string text_of(std::uint32_t i) {
    TextsReader reader(ann_);
    auto text = reader.get(Ordinal(i));
    EXPECT_TRUE(text);
    return std::string(*text);
  }
  TextsCatalog::Refs texts() { return **run(ann_->emails().texts().load(true)); }
  FilterCatalog::Refs filters() { return **run(ann_->emails().filters().load(true)); }

  /// Whether a filter rules out that a message has a text.
  bool is_ruled_out(std::uint32_t i, std::string_view folded) {
    TextFilter filter(ann_, {grams_of(folded)});
    std::vector<Ordinal> all;
    for (std::uint32_t o = 1; o <= kMessages; ++o) all.emplace_back(o);
    run(filter.load(all));
    std::size_t hint = 0;
    return filter.absent(Ordinal(i), hint) != 0;
  }

  void expect_texts() {
    for (const std::uint32_t i : {10U, 250U, 260U, 500U})
      EXPECT_EQ(text_of(i), "The " + word(i) + " is here.") << i;
    EXPECT_EQ(text_of(11), "");
    for (const FilterRef& ref : filters()) EXPECT_TRUE(ref.has_attachments());
    EXPECT_FALSE(is_ruled_out(250, word(250)));
    EXPECT_TRUE(is_ruled_out(240, word(250)));
    EXPECT_TRUE(is_ruled_out(11, word(250)));
  }

  std::shared_ptr<FakeExtractor> extractor_ = std::make_shared<FakeExtractor>();
  AccountPtr ann_;
  MailboxId inbox_;
};

TEST_F(TextsTest, TheTextOfAttachmentsIsKeptAndInTheFilters) {
  fill();
  const FilterStatus status = wait();
  EXPECT_TRUE(status.attachments);
  EXPECT_EQ(status.extracted, status.groups);
  EXPECT_GE(status.groups, 2U);
  expect_texts();
  const int documents = extractor_->documents;
  EXPECT_EQ(documents, 51);
  EXPECT_TRUE(run(store_->check(true, Store::Repair::nothing))->findings.empty());
  // Nothing is read again.
  restart(true);
  wait();
  expect_texts();
  EXPECT_EQ(extractor_->documents, documents);
}

TEST_F(TextsTest, OffCostsNothing) {
  reopen();
  fill();
  const FilterStatus status = wait();
  EXPECT_FALSE(status.attachments);
  EXPECT_EQ(extractor_->documents, 0);
  EXPECT_TRUE(texts().empty());
  for (const FilterRef& ref : filters()) EXPECT_FALSE(ref.has_attachments());
  EXPECT_TRUE(is_ruled_out(250, word(250)));
}

TEST_F(TextsTest, SwitchedOnLater) {
  reopen();
  fill();
  wait();
  restart(true);
  wait();
  expect_texts();
  // And off again: what there is stays, and is in nobody's way.
  restart(false);
  const auto before = texts();
  wait();
  EXPECT_EQ(texts().size(), before.size());
  EXPECT_TRUE(run(store_->check(true, Store::Repair::nothing))->findings.empty());
}

TEST_F(TextsTest, NothingIsKeptOfDroppedContent) {
  fill();
  wait();
  const NumberSet gone = NumberSet::from_ranges({{5, 40}, {257, 512}});
  const auto before = texts();
  EXPECT_TRUE(change(ann_, {inbox_}, [&](Change& c) -> Status {
    auto marked = c.store_flags(inbox_, gone, FlagOperation::add, {bit(SystemFlag::deleted), {}},
                                std::nullopt);
    if (!marked) return pass(marked);
    auto expunged = c.expunge_deleted(inbox_, gone);
    return expunged ? Status{} : pass(expunged);
  }));
  clock_.advance(std::chrono::hours(24 * 40));
  ASSERT_TRUE(run(store_->sweep()));
  wait();
  for (const TextsRef& ref : before)
    if (ref.page.value != 0) EXPECT_FALSE(engine_->try_read_page(ann_->id(), ref.page));
  EXPECT_EQ(text_of(20), "");
  EXPECT_EQ(text_of(260), "");
  EXPECT_EQ(text_of(250), "The " + word(250) + " is here.");
  for (const TextsRef& ref : texts()) EXPECT_LE(ref.last.value, 256U) << "its group is gone";
  EXPECT_TRUE(run(store_->check(true, Store::Repair::nothing))->findings.empty());
}

TEST_F(TextsTest, ADamagedPageIsMadeAgain) {
  fill();
  wait();
  const auto before = texts();
  const auto with_page =
      std::ranges::find_if(before, [](const TextsRef& ref) { return ref.page.value != 0; });
  ASSERT_NE(with_page, before.end());
  ASSERT_TRUE(engine_->drop_pages(ann_->id(), std::vector{with_page->page}));
  restart(true);
  const auto found = run(store_->check(false, Store::Repair::nothing))->findings;
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found.front().contains("attachments")) << found.front();
  wait();
  expect_texts();
  EXPECT_TRUE(run(store_->check(true, Store::Repair::nothing))->findings.empty());
}

TEST_F(TextsTest, Rebuild) {
  fill();
  wait();
  const int documents = extractor_->documents;
  ASSERT_TRUE(run(rebuild_filters(ann_)));
  wait();
  expect_texts();
  EXPECT_EQ(extractor_->documents, 2 * documents);
}

/// Nothing is recorded as read that was not.
TEST_F(TextsTest, WhatCannotBeReadNowIsReadLater) {
  extractor_->unavailable = true;
  fill();
  Maintenance::request(ann_);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (extractor_->documents == 0 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(text_of(10), "");
  extractor_->unavailable = false;
  wait();
  expect_texts();
}

/// The kinds of parts, and what is joined.
TEST_F(TextsTest, DocumentsOfAMessage) {
  ann_ = make_account("ann@example.org");
  inbox_ = ann_->published()->find("INBOX")->id;
  const std::string document = "--bb\r\nContent-Type: application/x\r\n\r\n";
  const std::string many =
      "Content-Type: multipart/mixed; boundary=bb\r\n\r\n" + document + "{\\rtfone\r\n" + document +
      "%PDF-1.4 not supported here\r\n" + document + "no document\r\n" +
      "--bb\r\nContent-Type: image/png\r\n\r\n{\\rtfimage\r\n" +
      "--bb\r\nContent-Type: text/plain\r\n\r\n{\\rtfplain\r\n" +
      "--bb\r\nContent-Type: text/rtf\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
      "{\\rtf=\r\nt=C3=BCo\r\n" +
      "--bb\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n"
      "Content-Type: application/rtf\r\n\r\n{\\rtfthree\r\n--bb--\r\n";
  std::vector<NewEmail> emails;
  emails.push_back(upload(ann_, many));
  for (std::uint32_t i = 1; i < 600; ++i) emails.push_back(upload(ann_, message("plain")));
  EXPECT_TRUE(change(ann_, {}, [&](Change& c) -> Status {
    for (const NewEmail& email : emails)
      if (auto uid = c.append(inbox_, email, {}, {}); !uid) return pass(uid);
    return {};
  }));
  wait();
  EXPECT_EQ(text_of(1), "one\nt\u00FCo\nthree");
}

TEST(TidyText, OneSpaceBetweenWords) {
  EXPECT_EQ(tidy_text(""), "");
  EXPECT_EQ(tidy_text(" \n a\t\r\n\x01 b\x0c"), "a b");
  EXPECT_EQ(tidy_text("a\u00A0\u00A0b \u00E4"), "a b \u00E4");
  EXPECT_EQ(tidy_text("a\xFF\xC3"), "a\uFFFD\uFFFD");
  EXPECT_EQ(tidy_text(std::string_view("a\0b", 3)), "a b");
}

TextsRef ref_of(std::uint64_t first, std::uint64_t last) {
  return {Ordinal(first), Ordinal(last), PageNumber(0), texts_maker()};
}
FilterRef filter_of(std::uint64_t first, std::uint64_t last, bool attachments) {
  return {Ordinal(first), Ordinal(last), PageNumber(first), 8,
          filter_maker() | (attachments ? kWithAttachments : 0)};
}

TEST_F(TextsTest, TheNextStep) {
  ann_ = make_account("ann@example.org");
  const EmailCatalog::Groups groups = {{Ordinal(1), Ordinal(256), {}},
                                       {Ordinal(257), Ordinal(512), {}}};
  FilterCatalog filters(*engine_, ann_->id());
  TextsCatalog catalog(*engine_, ann_->id());
  const auto step = [&](const FilterCatalog::Refs& refs, const TextsCatalog::Refs& known,
                        bool wanted = true) {
    return next_filter_step(groups, filters, refs, KnownTexts{catalog, known, wanted});
  };
  // The text comes before the filter of a new group.
  FilterStep next = step({}, {});
  ASSERT_TRUE(next.extract);
  EXPECT_EQ(next.extract->from, Ordinal(1));
  next = step({}, {ref_of(1, 100)});
  ASSERT_TRUE(next.extract);
  EXPECT_EQ(next.extract->from, Ordinal(101));
  next = step({}, {ref_of(1, 100), ref_of(101, 256)});
  ASSERT_TRUE(next.group);
  EXPECT_TRUE(next.with_attachments);
  // A filter from before is replaced only when the text of all of its messages is there.
  next = step({filter_of(1, 512, false)}, {ref_of(1, 256)});
  ASSERT_TRUE(next.extract);
  EXPECT_EQ(next.extract->from, Ordinal(257));
  next = step({filter_of(1, 512, false)}, {ref_of(1, 256), ref_of(257, 512)});
  EXPECT_EQ(next.replaced.size(), 1U);
  EXPECT_FALSE(step({filter_of(1, 512, true)}, {ref_of(1, 256), ref_of(257, 512)}).is_needed());
  // One that knows text which is gone would rule out what is extracted next.
  next = step({filter_of(1, 512, true)}, {ref_of(1, 256)});
  EXPECT_EQ(next.replaced.size(), 1U);
  // Off.
  EXPECT_FALSE(step({filter_of(1, 512, true)}, {ref_of(1, 256)}, false).is_needed());
  EXPECT_FALSE(step({filter_of(1, 512, false)}, {}, false).is_needed());
  // What another version made goes first.
  TextsRef old = ref_of(1, 256);
  old.maker ^= 1;
  EXPECT_EQ(step({}, {old}).replaced_texts.size(), 1U);
  catalog.note_damaged(Ordinal(1));
  EXPECT_EQ(step({}, {ref_of(1, 256)}).replaced_texts.size(), 1U);
}

}  // namespace
}  // namespace posthorn::store

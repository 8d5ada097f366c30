#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <random>
#include <thread>

#include "extract/text_extractor.h"
#include "search/search.h"
#include "store/filter/filter_catalog.h"
#include "store/read/email_catalog.h"
#include "store/store_fixture.h"
#include "store/upkeep/attachments.h"
#include "store/upkeep/filter_status.h"
#include "store/upkeep/maintenance.h"
#include "text/base64.h"
#include "text/quoted_printable.h"

namespace posthorn::search {
namespace {

using message::SearchKey;
using Kind = SearchKey::Kind;

/// How many random searches are compared. The variable of the environment is for a longer hunt.
int searches() {
  const char* wanted = std::getenv("POSTHORN_SEARCHES");
  return wanted == nullptr ? 1500 : std::atoi(wanted);
}

constexpr std::string_view kWords[] = {
    "harbour", "lantern",  "the",    "and",        "of",      "Quarterly",    "invoice 4711",
    "München", "Ångström", "straße", "привет",     "мир",     "Ελλάδα",       "日本語",
    "東京都",  "한국어",   "עברית",  "e\u0301",    "\u01C4x", "\uFF41\uFF42", "🎺🎺",
    "x",       "<b>",      "=3D",    "a@b.example"};

/// Takes what follows the beginning of a document for its text.
class FakeExtractor : public extract::TextExtractor {
 public:
  Result<std::string> extract(extract::Kind, std::string_view document) override {
    return std::string(document.substr(5));
  }
  void stop() override {}
};

/// A mailbox whose messages have texts in many encodings, some in attachments, most of them in
/// groups with filters.
class SearchFilterTest : public store::StoreFixture {
 protected:
  SearchFilterTest() {
    store::search_attachments(*store_, std::make_shared<FakeExtractor>());
    account_ = make_account("ann@example.org");
    inbox_ = account_->published()->find("INBOX")->id;
  }
  ~SearchFilterTest() override {
    mailbox_.reset();
    account_.reset();
  }
  SearchFilterTest(const SearchFilterTest&) = delete;
  SearchFilterTest& operator=(const SearchFilterTest&) = delete;

  std::uint32_t below(std::size_t n) { return static_cast<std::uint32_t>(random_() % n); }

  std::string words(std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) out += below(8) == 0 ? "\r\n" : " ";
      out += kWords[below(std::size(kWords))];
      if (below(3) == 0) out += std::to_string(below(1000));
    }
    return out;
  }

  /// A text part; its decoded text is noted.
  std::string part() {
    // Now and then longer than a piece, so that texts cross the borders of pieces.
    const std::string text = words(below(300) == 0 ? 20'000 : below(60));
    texts_.push_back(text);
    std::string out = below(4) == 0 ? "Content-Type: text/html; charset=utf-8\r\n"
                                    : "Content-Type: text/plain; charset=utf-8\r\n";
    switch (below(3)) {
      case 0: return out + "Content-Transfer-Encoding: 8bit\r\n\r\n" + text + "\r\n";
      case 1: {
        out += "Content-Transfer-Encoding: base64\r\n\r\n";
        const std::string encoded = text::base64_encode(text);
        for (std::size_t at = 0; at < encoded.size(); at += 60)
          out += encoded.substr(at, 60) + "\r\n";
        return out;
      }
      default: {
        out += "Content-Transfer-Encoding: quoted-printable\r\n\r\n";
        for (std::size_t i = 0; i < text.size(); ++i) {
          out += fmt::format("={:02X}", static_cast<unsigned char>(text[i]));
          if (i % 20 == 19) out += "=\r\n";
        }
        return out + "\r\n";
      }
    }
  }

  std::string octets() {
    std::string subject = words(1 + below(4));
    std::erase_if(subject, [](char c) { return c == '\r' || c == '\n'; });
    texts_.push_back(subject);
    std::string out = "From: Ann <ann@example.org>\r\n";
    out += below(2) == 0 ? "Subject: " + subject + "\r\n"
                         : "Subject: =?utf-8?B?" + text::base64_encode(subject) + "?=\r\n";
    if (below(2) == 0) out += "X-Tag: tag-" + std::to_string(below(50)) + "\r\n folded\r\n";
    switch (below(5)) {
      case 4:
        texts_.push_back(words(1 + below(40)));
        return out + "Content-Type: multipart/mixed; boundary=dd\r\n\r\n--dd\r\n" + part() +
               "--dd\r\n" + document(texts_.back()) + "--dd--\r\n";
      case 0:
        return out + "Content-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n" + part() +
               "--bb\r\nContent-Type: image/png\r\n\r\nnot searched\r\n--bb\r\n" + part() +
               "--bb--\r\n";
      case 1:
        return out + "Content-Type: multipart/mixed; boundary=cc\r\n\r\n--cc\r\n" +
               "Content-Type: message/rfc822\r\n\r\nSubject: inner " + subject + "\r\n" + part() +
               "--cc--\r\n";
      default: return out + part();
    }
  }

  static std::string document(const std::string& text) {
    std::string out =
        "Content-Type: application/octet-stream\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n";
    return out + text::base64_encode("{\\rtf" + text) + "\r\n";
  }

  void fill(std::uint32_t count) {
    std::vector<store::NewEmail> emails;
    for (std::uint32_t i = 0; i < count; ++i) emails.push_back(upload(account_, octets()));
    EXPECT_TRUE(change(account_, {}, [&](store::Change& c) -> Status {
      for (const store::NewEmail& email : emails)
        if (auto uid = c.append(inbox_, email, {}, {}); !uid) return pass(uid);
      return {};
    }));
    // Some are expunged, so that neither positions nor ordinals are without gaps.
    NumberSet gone;
    for (std::uint32_t i = 0; i < count / 10; ++i) gone.add(1 + below(count));
    EXPECT_TRUE(change(account_, {inbox_}, [&](store::Change& c) -> Status {
      auto marked = c.store_flags(inbox_, gone, store::FlagOperation::add,
                                  {bit(SystemFlag::deleted), {}}, std::nullopt);
      if (!marked) return pass(marked);
      auto expunged = c.expunge_deleted(inbox_, gone);
      return expunged ? Status{} : pass(expunged);
    }));
    load();
  }

  void load() {
    auto loaded = run(account_->load(inbox_));
    ASSERT_TRUE(loaded) << loaded.error().text;
    mailbox_ = *loaded;
  }

  /// Waits until nothing is left to do for the filters, and returns how many there are.
  std::size_t wait_for_filters() {
    using std::chrono::steady_clock;
    const auto deadline = steady_clock::now() + std::chrono::minutes(3);
    store::Maintenance::request(account_);
    while (steady_clock::now() < deadline) {
      auto status = run(store::filter_status(account_));
      EXPECT_TRUE(status);
      if (status->groups > 0 && status->complete) return status->filters;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ADD_FAILURE() << "the filters were not made";
    return 0;
  }

  /// A piece of some text, in random case, or something that is nowhere.
  std::string needle() {
    if (below(8) == 0) return words(1) + "-nowhere";
    const std::string& text = texts_[below(texts_.size())];
    std::size_t begin = below(text.size() + 1);
    std::size_t end = std::min(text.size(), begin + 1 + below(12));
    const auto inside = [&](std::size_t at) {
      return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
    };
    while (inside(begin)) --begin;
    while (inside(end)) ++end;
    std::string out = text.substr(begin, end - begin);
    for (char& c : out)
      if (below(2) == 0 && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return out;
  }

  SearchKey key(int depth) {
    SearchKey made;
    if (depth > 0 && below(4) == 0) {
      constexpr Kind kGroups[] = {Kind::conjunction, Kind::disjunction, Kind::negation};
      made.kind = kGroups[below(3)];
      for (std::uint32_t n = made.kind == Kind::negation ? 1 : 2; n > 0; --n)
        made.children.push_back(key(depth - 1));
      return made;
    }
    constexpr Kind kKinds[] = {Kind::body, Kind::body, Kind::text, Kind::header, Kind::subject};
    made.kind = kKinds[below(5)];
    made.text = needle();
    if (made.kind == Kind::header) {
      constexpr const char* kFields[] = {"X-Tag", "x-tag", "Subject", "Content-Type", "X-None"};
      made.field = kFields[below(5)];
      constexpr const char* kValues[] = {"", "tag-1", "TAG-4", "folded", "text/", "none"};
      made.text = kValues[below(6)];
    }
    return made;
  }

  std::vector<std::uint32_t> found(const SearchKey& key, bool filters) {
    SearchEnvironment environment;
    environment.resolve = [](const SequenceSet& set, bool) { return set.resolve(UINT32_MAX); };
    environment.use_filters = filters;
    auto program = SearchProgram::compile(key, *mailbox_, environment);
    EXPECT_TRUE(program);
    WorkLimit limit;
    const store::FlagsView flags(*mailbox_, store::Actor::upkeep(), account_->id());
    auto result = run(search(account_, mailbox_, flags, *program, Uid(UINT32_MAX), limit));
    EXPECT_TRUE(result);
    EXPECT_TRUE(result->unreadable.uids.empty());
    return result->positions;
  }

  /// Compares random searches of some messages with and without filters. Returns how many found
  /// something.
  int compare(int count) {
    int hits = 0;
    for (int i = 0; i < count; ++i) {
      SearchKey all;
      all.kind = Kind::conjunction;
      SearchKey& uids = all.children.emplace_back();
      uids.kind = Kind::uid;
      const std::uint32_t first = 1 + below(mailbox_->head.uid_next.value);
      uids.set.ranges.push_back({first, first + below(40)});
      all.children.push_back(key(2));
      const auto with = found(all, true);
      EXPECT_EQ(with, found(all, false)) << "search " << i << " for " << all.children[1].text;
      hits += with.empty() ? 0 : 1;
      if (HasFailure()) break;
    }
    return hits;
  }

  std::mt19937 random_{11};
  std::vector<std::string> texts_;
  store::AccountPtr account_;
  MailboxId inbox_;
  store::MailboxPtr mailbox_;
};

TEST_F(SearchFilterTest, FindsWhatTheScanFinds) {
  // Sixteen groups that are merged, two that are not, and some messages that are not packed.
  fill(17 * 256 + 600);
  EXPECT_EQ(wait_for_filters(), 3U);
  const int hits = compare(searches());
  EXPECT_GT(hits, searches() / 20) << "the searches find too little to tell anything";
}

/// Of a word that is nowhere, no message is read.
TEST_F(SearchFilterTest, AWordThatIsNowhereReadsNothing) {
  fill(3 * 256 + 512);
  wait_for_filters();
  SearchKey nowhere;
  nowhere.kind = Kind::body;
  nowhere.text = "zyxwvutsrq";
  EXPECT_TRUE(found(nowhere, true).empty());
  auto groups = run(account_->emails().load());
  ASSERT_FALSE((*groups)->empty());
  // Without its pages, a message that has to be read is reported as unreadable.
  SearchKey uids;
  uids.kind = Kind::uid;
  uids.set.ranges.push_back({1, 256});
  SearchKey both;
  both.kind = Kind::conjunction;
  both.children = {uids, nowhere};
  std::vector<PageNumber> bodies;
  for (const auto& group : **groups) bodies.push_back(group.pages.back());
  const AccountId id = account_->id();
  mailbox_.reset();
  account_.reset();
  reopen();
  ASSERT_TRUE(engine_->drop_pages(id, bodies));
  account_ = open_account(id);
  load();
  EXPECT_TRUE(found(both, true).empty());
}

/// Of a word that is only in attachments, wherever these are searched.
TEST_F(SearchFilterTest, TextOfAttachments) {
  const std::string head = "Subject: hidden\r\nContent-Type: multipart/mixed; boundary=dd\r\n\r\n";
  std::vector<store::NewEmail> emails;
  constexpr std::uint32_t kCount = 800;
  for (std::uint32_t i = 0; i < kCount; ++i)
    emails.push_back(upload(
        account_, i % 100 == 7 ? head + "--dd\r\n" + document("ein\n  WÖRTERBUCH") + "--dd--\r\n"
                               : message("plain")));
  EXPECT_TRUE(change(account_, {}, [&](store::Change& c) -> Status {
    for (const store::NewEmail& email : emails)
      if (auto uid = c.append(inbox_, email, {}, {}); !uid) return pass(uid);
    return {};
  }));
  load();
  wait_for_filters();
  const auto packed = run(account_->emails().load());
  const std::uint64_t last = (*packed)->back().last.value;
  std::vector<std::uint32_t> expected;
  for (std::uint32_t i = 7; i < last; i += 100) expected.push_back(i);
  SearchKey key;
  key.text = "ein wörterbuch";
  for (const Kind kind : {Kind::body, Kind::text}) {
    key.kind = kind;
    EXPECT_EQ(found(key, true), expected);
    EXPECT_EQ(found(key, false), expected);
  }
  key.kind = Kind::subject;
  EXPECT_TRUE(found(key, true).empty());
  // Off: the text is still stored, and not searched.
  const AccountId id = account_->id();
  mailbox_.reset();
  account_.reset();
  reopen();
  account_ = open_account(id);
  load();
  key.kind = Kind::body;
  EXPECT_TRUE(found(key, true).empty());
  EXPECT_TRUE(found(key, false).empty());
}

TEST_F(SearchFilterTest, AMessageIsFoundAtOnce) {
  fill(700);
  wait_for_filters();
  const store::NewEmail email = upload(account_, message("brand-new"));
  EXPECT_TRUE(change(account_, {}, [&](store::Change& c) -> Status {
    auto uid = c.append(inbox_, email, {}, {});
    return uid ? Status{} : pass(uid);
  }));
  load();
  SearchKey key;
  key.kind = Kind::text;
  key.text = "BRAND-new";
  EXPECT_EQ(found(key, true), (std::vector<std::uint32_t>{mailbox_->contents->count() - 1}));
}

}  // namespace
}  // namespace posthorn::search

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <utime.h>

#include <filesystem>
#include <fstream>

#include "cli/mailbox_files/import_record.h"
#include "cli/mailbox_files/mail_sink.h"
#include "cli/mailbox_files/maildir_source.h"
#include "cli/mailbox_files/mbox_source.h"

namespace posthorn::cli {
namespace {

namespace fs = std::filesystem;

/// A folder that is removed with the test.
class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "posthorn-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string write(const std::string& name, std::string_view content,
                    std::int64_t time = 0) const {
    const fs::path path = fs::path(path_) / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    const utimbuf times{static_cast<time_t>(time), static_cast<time_t>(time)};
    if (time != 0) ::utime(path.c_str(), &times);
    return path.string();
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string octets_of(const FoundMessage& found) {
  std::string all;
  const auto octets = found.open();
  while (true) {
    const auto portion = octets->next();
    EXPECT_TRUE(portion.has_value());
    if (!portion || portion->empty()) return all;
    all += *portion;
  }
}

std::vector<FoundMessage> all_of(MailSource& source) {
  std::vector<FoundMessage> found;
  while (true) {
    auto next = source.next();
    EXPECT_TRUE(next.has_value()) << next.error().text;
    if (!next || !*next) return found;
    found.push_back(std::move(**next));
  }
}

std::vector<FoundMessage> read_mbox(const Folder& folder, std::string_view content,
                                    MboxOptions options = {}) {
  const auto file = InputFile::open(folder.write("box", content, 1000));
  EXPECT_TRUE(file.has_value());
  MboxSource source(*file, std::move(options));
  return all_of(source);
}

TEST(LineFilter, IsTheSameHoweverItIsFed) {
  std::string in = "A: b\nC: d\r\n\nx?y\r\r\n>From me\nlast\r";
  std::ranges::replace(in, '?', '\0');
  std::string whole;
  LineFilter filter(FilterOptions{});
  filter.feed(in, whole);
  filter.finish(whole);
  EXPECT_EQ(whole, "A: b\r\nC: d\r\n\r\nx\x80y\r\r\n>From me\r\nlast\r");
  for (std::size_t step = 1; step < 7; ++step) {
    std::string out;
    LineFilter slow(FilterOptions{});
    for (std::size_t at = 0; at < in.size(); at += step) slow.feed(in.substr(at, step), out);
    slow.finish(out);
    EXPECT_EQ(out, whole) << step;
  }
}

TEST(LineFilter, PassesLongLinesOnInPortions) {
  const std::string in = "S: x\n\n" + std::string(200'000, 'a') + "\r\nend\n";
  std::string out;
  LineFilter filter(FilterOptions{});
  for (std::size_t at = 0; at < in.size(); at += 777) filter.feed(in.substr(at, 777), out);
  filter.finish(out);
  EXPECT_EQ(out, "S: x\r\n\r\n" + std::string(200'000, 'a') + "\r\nend\r\n");
}

TEST(Mbox, ReadsMessagesFlagsAndDates) {
  const Folder folder;
  const auto found = read_mbox(folder,
                               "From ada@example.org Mon Nov 23 03:51:33 2026\n"
                               "Subject: one\nStatus: RO\nX-Status: AF\nX-Keywords: $Junk blue\n"
                               "\nHello\n>From here\n>>From there\nFrom nowhere\n"
                               "\n"
                               "From bob Tue Nov 24 10:00 +0100 2026\n"
                               "Subject: two\n\nBye\n");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].received, (Timestamp{1795405893, 0}));
  EXPECT_EQ(found[0].flags.system,
            bit(SystemFlag::seen) | bit(SystemFlag::answered) | bit(SystemFlag::flagged));
  EXPECT_THAT(found[0].flags.keywords, testing::ElementsAre("$Junk", "blue"));
  EXPECT_EQ(octets_of(found[0]),
            "Subject: one\r\n\r\nHello\r\nFrom here\r\n>From there\r\nFrom nowhere\r\n");
  EXPECT_EQ(found[1].received->zone_minutes, 60);
  EXPECT_EQ(octets_of(found[1]), "Subject: two\r\n\r\nBye\r\n");
  EXPECT_NE(found[0].key, found[1].key);
}

TEST(Mbox, KeepsQuotedFromWhereAsked) {
  const Folder folder;
  const auto found = read_mbox(folder, "From a Mon Nov 23 03:51:33 2026\nS: x\n\n>From b\n",
                               {.unquote_from = false});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(octets_of(found[0]), "S: x\r\n\r\n>From b\r\n");
}

TEST(Mbox, TakesTheDateFromTheHeaderThenFromTheFile) {
  EXPECT_EQ(parse_from_line("From a Mon Nov 23 03:51:33 2026"), (Timestamp{1795405893, 0}));
  EXPECT_FALSE(parse_from_line("From now on all is well"));
  EXPECT_FALSE(parse_from_line("From a"));
  EXPECT_FALSE(parse_from_line("from a Mon Nov 23 03:51:33 2026"));
}

TEST(Mbox, LeavesOutTheRecordOfUwImap) {
  const Folder folder;
  const auto found = read_mbox(folder,
                               "From MAILER-DAEMON Mon Nov 23 03:51:33 2026\n"
                               "Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\n"
                               "X-IMAP: 1 2\n\ntext\n\n"
                               "From a Mon Nov 23 03:51:33 2026\nSubject: real\n\nx\n");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(octets_of(found[0]), "Subject: real\r\n\r\nx\r\n");
}

TEST(Mbox, OfNothingHasNoMessages) {
  const Folder folder;
  EXPECT_TRUE(read_mbox(folder, "").empty());
  EXPECT_TRUE(read_mbox(folder, "not an mbox\n").empty());
}

TEST(Mbox, ReadsAMessageLargerThanItsWindow) {
  const Folder folder;
  std::string body;
  for (int i = 0; i < 20'000; ++i) body += fmt::format("line {} of a long message\n", i);
  const auto found = read_mbox(folder, "From a Mon Nov 23 03:51:33 2026\nS: x\n\n" + body + "\n" +
                                           "From b Mon Nov 23 03:51:34 2026\nS: y\n\nz\n");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(octets_of(found[0]).size(), 9U + body.size() + 20'000U - 1U);
  EXPECT_EQ(octets_of(found[1]), "S: y\r\n\r\nz\r\n");
}

TEST(Maildir, ReadsATreeWithFlagsKeywordsAndDates) {
  const Folder folder;
  folder.write("cur/2.b:2,FSab", "Subject: second\n\nx\n", 2000);
  folder.write("new/1.a", "Subject: first\n\nx\n", 1000);
  folder.write("tmp/3.c", "half a mess");
  folder.write("dovecot-keywords", "0 blue\n1 $Junk\n");
  folder.write(".Work.Reports &- Plans/cur/4.d:2,RDTP", "Subject: third\r\n\r\ny", 3000);
  folder.write(".Entw&APw-rfe/new/5.e", "S: u\n\n", 4000);
  auto source = MaildirSource::open(folder.path());
  ASSERT_TRUE(source.has_value());
  const auto found = all_of(**source);
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].mailbox, "Entwürfe");
  EXPECT_EQ(found[1].mailbox, "INBOX");
  EXPECT_EQ(octets_of(found[1]), "Subject: first\r\n\r\nx\r\n");
  EXPECT_EQ(found[1].flags, FlagList());
  EXPECT_EQ(found[2].received->seconds, 2000);
  EXPECT_EQ(found[2].flags.system, bit(SystemFlag::flagged) | bit(SystemFlag::seen));
  EXPECT_THAT(found[2].flags.keywords, testing::ElementsAre("blue", "$Junk"));
  EXPECT_EQ(found[3].mailbox, "Work/Reports & Plans");
  EXPECT_EQ(octets_of(found[3]), "Subject: third\r\n\r\ny");
  EXPECT_EQ(found[3].flags.system,
            bit(SystemFlag::answered) | bit(SystemFlag::draft) | bit(SystemFlag::deleted));
  EXPECT_THAT(found[3].flags.keywords, testing::ElementsAre("$Forwarded"));
}

TEST(Maildir, ReadsFoldersOfFoldersAndLooseFiles) {
  const Folder folder;
  folder.write("lists/cpp/cur/1:2,S", "a\n");
  folder.write("loose/one", "S: b\n");
  auto source = MaildirSource::open(folder.path());
  ASSERT_TRUE(source.has_value());
  const auto found = all_of(**source);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].mailbox, "lists/cpp");
  EXPECT_EQ(found[1].mailbox, "loose");
  EXPECT_EQ((*source)->total_octets(), 7U);
}

TEST(Maildir, KeepsAMessagesKeyWhenItsFlagsChange) {
  const Folder folder;
  folder.write("cur/7.x:2,", "a\n");
  auto before = MaildirSource::open(folder.path());
  const std::string key = all_of(**before)[0].key;
  fs::rename(folder.path() + "/cur/7.x:2,", folder.path() + "/cur/7.x:2,S");
  auto after = MaildirSource::open(folder.path());
  EXPECT_EQ(all_of(**after)[0].key, key);
}

TEST(Maildir, LeavesOutWhatIsNoMessageWithAWord) {
  const Folder folder;
  folder.write("cur/1:2,S", "not much of a message\n", 1);
  folder.write("stray:2,F", "Subject : x\n\nmessage beside cur\n", 2);
  folder.write("maildirsize", "1000S\n", 3);
  folder.write("sieve/rules", "require [\"fileinto\"];\n");
  auto source = MaildirSource::open(folder.path());
  ASSERT_TRUE(source.has_value());
  EXPECT_EQ((*(*source)->next())->key, "INBOX\t1");
  EXPECT_EQ((*(*source)->next())->key, "INBOX\tstray");
  const auto left_out = (*source)->next();
  ASSERT_FALSE(left_out.has_value());
  EXPECT_THAT(left_out.error().text, testing::HasSubstr("sieve/rules"));
  EXPECT_FALSE((*(*source)->next()).has_value());
}

TEST(Maildir, SaysWhenThereIsNone) {
  EXPECT_FALSE(MaildirSource::open("/nowhere/at/all").has_value());
}

struct Sample {
  std::string mailbox;
  ExportedMessage message;
  std::string octets;
};

std::vector<Sample> samples() {
  std::vector<Sample> all = {
      {"INBOX", {}, "Subject: a\r\n\r\nFrom here\r\n>From there\r\n\r\nFrom x\r\n"},
      {"INBOX", {}, "Subject: b\r\n\r\nno\rend\r\n"},
      {"Entwürfe/Alt & neu", {}, "Subject: c\r\n\r\n\r\n"}};
  all[0].message = {
      {bit(SystemFlag::seen) | bit(SystemFlag::flagged), {"$Junk", "blue"}}, {1795405893, 0}, 1};
  all[1].message = {
      {bit(SystemFlag::answered) | bit(SystemFlag::deleted) | bit(SystemFlag::draft), {}},
      {1795405894, 0},
      2};
  all[2].message = {{0, {"blue"}}, {1795405895, 0}, 1};
  return all;
}

void write_all(MailSink& sink) {
  std::string open;
  for (const Sample& sample : samples()) {
    if (sample.mailbox != open) {
      if (!open.empty()) ASSERT_TRUE(sink.end_mailbox().has_value());
      ASSERT_TRUE(sink.begin_mailbox(sample.mailbox).has_value());
      open = sample.mailbox;
    }
    ASSERT_TRUE(sink.begin_message(sample.message).has_value());
    for (const char c : sample.octets) ASSERT_TRUE(sink.add({&c, 1}).has_value());
    ASSERT_TRUE(sink.end_message().has_value());
  }
  ASSERT_TRUE(sink.end_mailbox().has_value());
}

void expect_same(const FoundMessage& found, const Sample& sample) {
  EXPECT_EQ(octets_of(found), sample.octets);
  EXPECT_EQ(found.flags, sample.message.flags);
  EXPECT_EQ(found.received->seconds, sample.message.received.seconds);
}

TEST(Export, ToMaildirIsReadBackAsItWas) {
  const Folder folder;
  write_all(*make_maildir_sink(folder.path()));
  auto source = MaildirSource::open(folder.path());
  const auto found = all_of(**source);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].mailbox, "Entwürfe/Alt & neu");
  expect_same(found[0], samples()[2]);
  expect_same(found[1], samples()[0]);
  expect_same(found[2], samples()[1]);
  // Existing files are never overwritten.
  EXPECT_EQ(make_maildir_sink(folder.path())->begin_mailbox("INBOX").error().kind,
            ErrorKind::already_exists);
}

TEST(Export, ToMboxIsReadBackAsItWas) {
  const Folder folder;
  write_all(*make_mbox_sink(folder.path()));
  auto inbox = InputFile::open(folder.path() + "/INBOX.mbox");
  ASSERT_TRUE(inbox.has_value());
  MboxSource source(*inbox, {});
  const auto found = all_of(source);
  ASSERT_EQ(found.size(), 2U);
  expect_same(found[0], samples()[0]);
  expect_same(found[1], samples()[1]);
  EXPECT_TRUE(fs::exists(folder.path() + "/Entwürfe/Alt & neu.mbox"));
  EXPECT_FALSE(make_mbox_sink(folder.path())->begin_mailbox("INBOX").has_value());
}

TEST(Export, ToMboxStaysInItsFolder) {
  const Folder folder;
  const std::string root = folder.path() + "/export";
  const auto sink = make_mbox_sink(root);
  for (const char* const name :
       {"../../out", "..", ".", "a/../../../out", "%2E%2E", "%2E", "%252E", "a..b/.c"}) {
    ASSERT_TRUE(sink->begin_mailbox(name)) << name;
    ASSERT_TRUE(sink->end_mailbox()) << name;
  }
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder.path())) {
    if (!entry.is_regular_file()) continue;
    files.push_back(entry.path().lexically_relative(root).string());
    EXPECT_EQ(fs::status(entry.path()).permissions(), fs::perms(0600)) << entry.path();
  }
  EXPECT_THAT(files,
              testing::UnorderedElementsAre("%2E%2E/%2E%2E/out.mbox", "%2E%2E.mbox", "%2E.mbox",
                                            "a/%2E%2E/%2E%2E/%2E%2E/out.mbox", "%252E%2E.mbox",
                                            "%252E.mbox", "%25252E.mbox", "a..b/.c.mbox"));
}

TEST(ImportRecord, RemembersWhatWasDone) {
  const Folder folder;
  const std::string path = folder.path() + "/sub/record";
  {
    auto record = ImportRecord::open(path);
    ASSERT_TRUE(record.has_value());
    ASSERT_TRUE(record->begin(7, {"a", "b"}).has_value());
    ASSERT_TRUE(record->finish().has_value());
    ASSERT_TRUE(record->begin(9, {"c"}).has_value());
  }
  auto record = ImportRecord::open(path);
  ASSERT_TRUE(record.has_value());
  EXPECT_TRUE(record->is_done("a"));
  EXPECT_TRUE(record->is_done("b"));
  EXPECT_FALSE(record->is_done("c"));
  ASSERT_TRUE(record->in_doubt().has_value());
  EXPECT_EQ(record->in_doubt()->uid_next, 9U);
  EXPECT_THAT(record->in_doubt()->keys, testing::ElementsAre("c"));
  ASSERT_TRUE(record->settle(ImportRecord::Outcome::lost).has_value());
  EXPECT_FALSE(ImportRecord::open(path)->in_doubt().has_value());
}

TEST(ImportRecord, SurvivesATornLine) {
  const Folder folder;
  const std::string path = folder.write("record", "?3\n&a\n+\n?4\n&b\n&c");
  auto record = ImportRecord::open(path);
  EXPECT_TRUE(record->is_done("a"));
  ASSERT_TRUE(record->in_doubt().has_value());
  EXPECT_THAT(record->in_doubt()->keys, testing::ElementsAre("b"));
  ASSERT_TRUE(record->settle(ImportRecord::Outcome::arrived).has_value());
  EXPECT_TRUE(ImportRecord::open(path)->is_done("b"));
}

}  // namespace
}  // namespace posthorn::cli

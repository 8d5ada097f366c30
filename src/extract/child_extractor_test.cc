#include "extract/child_extractor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

namespace posthorn::extract {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kShort = std::chrono::milliseconds(500);

/// The real program, and others in its place that do what a document could make it do.
class ChildExtractorTest : public testing::Test {
 protected:
  ChildExtractorTest() {
    std::string folder = testing::TempDir() + "posthorn-extract-XXXXXX";
    EXPECT_NE(mkdtemp(folder.data()), nullptr);
    script_ = folder + "/script";
  }
  ~ChildExtractorTest() override {
    unlink(script_.c_str());
    rmdir(script_.substr(0, script_.rfind('/')).c_str());
  }
  ChildExtractorTest(const ChildExtractorTest&) = delete;
  ChildExtractorTest& operator=(const ChildExtractorTest&) = delete;

  /// A program of these commands of the shell.
  const std::string& script(const std::string& commands) {
    std::ofstream(script_) << "#!/bin/sh\n" << commands << "\n";
    EXPECT_EQ(chmod(script_.c_str(), 0700), 0);
    return script_;
  }

  std::string script_;
  ChildExtractor real_{POSTHORN_EXTRACT};
};

/// A PDF of one page, without the table of offsets, which its readers make again.
std::string pdf_of(const std::string& text) {
  const std::string drawing = "BT /F1 12 Tf 72 720 Td (" + text + ") Tj ET";
  return "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
         "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
         "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
         "/Resources<</Font<</F1 5 0 R>>>>>>endobj\n4 0 obj<</Length " +
         std::to_string(drawing.size()) + ">>stream\n" + drawing +
         "\nendstream endobj\n5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
         "trailer<</Root 1 0 R>>\n%%EOF\n";
}

TEST_F(ChildExtractorTest, Rtf) {
  const auto text = real_.extract(Kind::rtf, "{\\rtf1 some \\b text\\par more}");
  ASSERT_TRUE(text) << text.error().text;
  EXPECT_EQ(*text, "some text more");
}

TEST_F(ChildExtractorTest, Pdf) {
  const auto text = real_.extract(Kind::pdf, pdf_of("Quarterly figures"));
  ASSERT_TRUE(text) << text.error().text;
  EXPECT_TRUE(text->contains("Quarterly figures")) << *text;
}

/// What cannot be read is no error: it has no text.
TEST_F(ChildExtractorTest, Damage) {
  for (const Kind kind : {Kind::rtf, Kind::office, Kind::pdf}) {
    const auto text = real_.extract(kind, "nothing of the kind");
    ASSERT_TRUE(text) << text.error().text;
    EXPECT_EQ(*text, "");
    const auto none = real_.extract(kind, "");
    EXPECT_TRUE(none && none->empty());
  }
  const auto cut = real_.extract(Kind::pdf, pdf_of("cut").substr(0, 100));
  EXPECT_TRUE(cut && cut->empty());
}

/// Much goes in while much comes out.
TEST_F(ChildExtractorTest, Long) {
  std::string document = "{\\rtf1 ";
  for (int i = 0; i < 400'000; ++i) document += "word\\par ";
  const auto text = real_.extract(Kind::rtf, document + "}");
  ASSERT_TRUE(text) << text.error().text;
  EXPECT_EQ(text->size(), kMostText);
  const std::string all = "{\\rtf1 " + std::string(500'000, 'y') + "}";
  const auto most = real_.extract(Kind::rtf, all);
  ASSERT_TRUE(most);
  EXPECT_EQ(most->size(), 500'000U);
}

TEST_F(ChildExtractorTest, AProgramThatNeverEndsIsEnded) {
  for (const char* commands : {"while :; do :; done", "cat >/dev/null; exec >&-; sleep 60",
                               "echo some; sleep 60", "exec <&-; sleep 60", "yes"}) {
    ChildExtractor extractor(script(commands), kShort);
    const auto begin = Clock::now();
    const auto text = extractor.extract(Kind::rtf, std::string(1 << 20, 'x'));
    ASSERT_TRUE(text) << text.error().text;
    EXPECT_LE(text->size(), kMostText);
    EXPECT_LT(Clock::now() - begin, std::chrono::seconds(5)) << commands;
  }
}

TEST_F(ChildExtractorTest, AProgramThatDiesHasGivenWhatItWrote) {
  ChildExtractor extractor(script("echo before; kill -SEGV $$"));
  const auto text = extractor.extract(Kind::rtf, "x");
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "before\n");
}

/// The program gets nothing of the server: no variables, no files.
TEST_F(ChildExtractorTest, NothingIsInherited) {
  setenv("POSTHORN_TEST_SECRET", "secret", 1);
  const int file = open("/etc/passwd", O_RDONLY);  // Without O_CLOEXEC.
  ChildExtractor extractor(
      script("cat >/dev/null; echo \"[$POSTHORN_TEST_SECRET]\"\n"
             "ls -l /proc/self/fd || echo failed; echo $1"));
  const auto text = extractor.extract(Kind::office, "x");
  close(file);
  unsetenv("POSTHORN_TEST_SECRET");
  ASSERT_TRUE(text);
  EXPECT_TRUE(text->starts_with("[]\n")) << *text;
  EXPECT_FALSE(text->contains("passwd") || text->contains("failed")) << *text;
  EXPECT_TRUE(text->ends_with("office\n")) << *text;
}

TEST_F(ChildExtractorTest, WhatCannotBeReadHereIsNotTriedAgain) {
  ChildExtractor absent("/nonexistent/posthorn-extract");
  EXPECT_EQ(absent.extract(Kind::rtf, "x").error().kind, ErrorKind::not_supported);
  for (const char* code : {"exit 3", "exit 4", "exit 2"}) {
    ChildExtractor extractor(script(code));
    EXPECT_EQ(extractor.extract(Kind::pdf, "x").error().kind, ErrorKind::not_supported);
    script("echo again");
    EXPECT_EQ(extractor.extract(Kind::pdf, "x").error().kind, ErrorKind::not_supported);
    EXPECT_TRUE(extractor.extract(Kind::rtf, "x")) << "other kinds can be read";
  }
}

TEST_F(ChildExtractorTest, StopEndsWhatRuns) {
  ChildExtractor extractor(script("sleep 60"));
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    extractor.stop();
  });
  const auto begin = Clock::now();
  EXPECT_EQ(extractor.extract(Kind::rtf, "x").error().kind, ErrorKind::unavailable);
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(5));
  other.join();
  EXPECT_EQ(extractor.extract(Kind::rtf, "x").error().kind, ErrorKind::unavailable);
}

TEST(Kind, IsToldByTheFirstOctets) {
  EXPECT_EQ(kind_of("PK\x03\x04 and so on"), Kind::office);
  EXPECT_EQ(kind_of("{\\rtf1"), Kind::rtf);
  EXPECT_EQ(kind_of("%PDF-1.7"), Kind::pdf);
  EXPECT_EQ(kind_of("\r\n\r\n%PDF-1.7"), Kind::pdf);
  EXPECT_EQ(kind_of(std::string(2000, ' ') + "%PDF-1.7"), std::nullopt);
  EXPECT_EQ(kind_of(""), std::nullopt);
  EXPECT_EQ(kind_of("GIF89a"), std::nullopt);
}

}  // namespace
}  // namespace posthorn::extract

#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "extract/child/fence.h"
#include "extract/child/office.h"
#include "extract/child/rtf.h"
#include "extract/contract.h"
#include "extract/kind.h"

// The program that turns one document into text; extract/contract.h says how it is called. It runs
// with nothing but a document that may be hostile, so it confines itself before it reads the first
// octet.
namespace posthorn::extract {
namespace {

constexpr int kIn = 0;
constexpr int kOut = 1;

/// None if the document is too long.
std::optional<std::string> read_all() {
  constexpr std::size_t kAtOnce = 256 << 10;
  std::string document;
  for (;;) {
    const std::size_t before = document.size();
    document.resize(before + kAtOnce);
    const ssize_t got = read(kIn, document.data() + before, kAtOnce);
    if (got < 0 && errno == EINTR) {
      document.resize(before);
      continue;
    }
    document.resize(before + static_cast<std::size_t>(got < 0 ? 0 : got));
    if (got < 0 || document.size() > kMostInput) return std::nullopt;
    if (got == 0) return document;
  }
}

bool write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t done = write(kOut, text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}

/// Returns only if the program cannot be executed. It reads standard input itself.
Exit become_pdftotext() {
  if (access(kPdfToText, X_OK) != 0) return Exit::no_program;
  if (!raise_fence(Fenced::helper)) return Exit::unfenced;
  // From standard input to standard output.
  const std::array<const char*, 8> arguments = {kPdfToText, "-q", "-nopgbrk", "-enc",
                                                "UTF-8",    "-",  "-",        nullptr};
  const std::array<char*, 1> environment = {nullptr};
  execve(kPdfToText, const_cast<char* const*>(arguments.data()), environment.data());
  return Exit::no_program;
}

Exit extract(Kind kind) {
  if (kind == Kind::pdf) return become_pdftotext();
  if (!raise_fence(Fenced::self)) return Exit::unfenced;
  TextOutput out(write_all);
  bool whole = false;
  // What cannot be allocated within the limit ends the document.
  try {
    const auto document = read_all();
    if (document)
      whole = kind == Kind::rtf ? extract_rtf(*document, out) : extract_office(*document, out);
    out.flush();
  } catch (const std::exception&) {
    whole = false;
  }
  return whole ? Exit::done : Exit::damaged;
}

}  // namespace
}  // namespace posthorn::extract

int main(int count, char** arguments) {
  using namespace posthorn::extract;
  const auto kind = count == 2 ? kind_named(arguments[1]) : std::nullopt;
  // No destructors: what a document has damaged is not touched again.
  _exit(static_cast<int>(kind ? extract(*kind) : Exit::usage));
}

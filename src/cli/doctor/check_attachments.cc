#include <unistd.h>

#include <string>

#include "cli/doctor/checks.h"
#include "config/config.h"
#include "extract/child_extractor.h"

namespace posthorn::cli {
namespace {

/// Has a document read, as the server would. What it says does not matter; whether it is read does.
bool can_read(extract::ChildExtractor& extractor, extract::Kind kind, std::string_view document) {
  return extractor.extract(kind, document).has_value();
}

}  // namespace

void check_attachments(const Installation& installation, Findings& findings) {
  if (!installation.config().search.attachments) return;
  const std::string program = extract::extractor_path();
  if (program.empty()) {
    findings.fault("search.attachments is on, but the program that reads attachments is missing",
                   "Install posthorn-extract beside posthorn, or in libexec/posthorn.");
    return;
  }
  extract::ChildExtractor extractor(program);
  if (!can_read(extractor, extract::Kind::rtf, "{\\rtf1 text}")) {
    findings.fault("search.attachments is on, but the program that reads attachments cannot run",
                   "It needs a kernel with seccomp, and a system that lets it be used.");
    return;
  }
  if (access(extract::kPdfToText, X_OK) != 0) {
    findings.warning("PDF is not searched, because pdftotext is not installed",
                     "Install poppler-utils, restart, and run `posthorn index rebuild --all`.");
  } else if (!can_read(extractor, extract::Kind::pdf, "%PDF-1.4\n%%EOF\n")) {
    findings.warning("PDF is not searched, because pdftotext cannot be confined",
                     "It needs Landlock: Linux 5.13 or later, with \"landlock\" among lsm=.");
  } else {
    findings.ok("attachments are searched, PDF among them");
  }
}

}  // namespace posthorn::cli

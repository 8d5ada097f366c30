#include "engine/rados/ceph/library.h"

#include <gtest/gtest.h>

namespace posthorn::engine::rados {
namespace {

TEST(RadosLibrary, EveryFunctionIsFound) {
  const auto library = load_library("librados.so.2");
  ASSERT_TRUE(library) << library.error().text << ": " << library.error().cause;
#define POSTHORN_RADOS_EXPECT(name) EXPECT_NE(library->name, nullptr) << #name;
  POSTHORN_RADOS_FUNCTIONS(POSTHORN_RADOS_EXPECT)
#undef POSTHORN_RADOS_EXPECT
}

TEST(RadosLibrary, WhatIsMissingIsNamed) {
  const auto absent = load_library("librados-that-is-not-there.so.2");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().kind, ErrorKind::not_supported);
  EXPECT_NE(absent.error().text.find("install Debian's package librados2"), std::string::npos);
  EXPECT_NE(absent.error().cause.find("librados-that-is-not-there.so.2"), std::string::npos);

  const auto other = load_library("libm.so.6");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::not_supported);
  EXPECT_NE(other.error().text.find("'libm.so.6' lacks the function rados_"), std::string::npos)
      << other.error().text;
}

}  // namespace
}  // namespace posthorn::engine::rados

"""Layout profiles: how a provider's file becomes canonical lines."""

from cuadre.formats.layout import Header, Layout
from cuadre.formats.member import TypedMember, read_head, type_body

__all__ = ["Header", "Layout", "TypedMember", "read_head", "type_body"]

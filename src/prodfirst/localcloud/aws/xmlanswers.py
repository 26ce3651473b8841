"""Answers in XML, read and changed. The API runs in this process: its answers are no foreign XML."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET


class XmlAnswer:
    """The body of an answer; names are without the namespace, which all elements share."""

    def __init__(self, body: bytes) -> None:
        self._root = ET.fromstring(body)  # noqa: S314
        self._space = self._root.tag.rpartition("}")[0] + "}" if self._root.tag.startswith("{") else ""
        if self._space:
            ET.register_namespace("", self._space[1:-1])

    def all(self, name: str) -> Iterator[ET.Element]:
        """Every element of a name, wherever it stands."""
        return self._root.iter(f"{self._space}{name}")

    def text(self, element: ET.Element, path: str) -> str:
        """The text below an element; empty where there is none."""
        return element.findtext(self._path(path)) or ""

    def put(self, element: ET.Element, name: str, text: str | None = None) -> ET.Element:
        """Give an element one child of a name, with a text; another one of that name goes."""
        for old in element.findall(self._path(name)):
            element.remove(old)
        made = ET.SubElement(element, self._path(name))
        made.text = text
        return made

    def put_list(self, element: ET.Element, name: str, path: str, texts: list[str]) -> None:
        """Give an element one child of a name that lists texts, each in elements of a path below."""
        made = self.put(element, name)
        for text in texts:
            place = made
            for part in path.split("/"):
                place = ET.SubElement(place, self._path(part))
            place.text = text

    def body(self) -> bytes:
        """As it is now."""
        written: bytes = ET.tostring(self._root, encoding="utf-8", xml_declaration=True)
        return written

    def _path(self, path: str) -> str:
        return "/".join(f"{self._space}{part}" for part in path.split("/"))
